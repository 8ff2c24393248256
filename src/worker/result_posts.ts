/**
 * Posts results to the main thread: small ones together, large ones by themselves and uncopied.
 *
 * @module
 */
import { ResultBatch } from "../bridge/result_batch.ts";
import type { Post } from "./post.ts";

/** A result whose body is larger goes by itself. */
const LARGE_RESULT_BYTES = 32 * 1024;

/** The results of one session. */
export class ResultPosts {
  readonly #post: Post;
  readonly #batch = new ResultBatch();

  /** Posts with `post`. */
  constructor(post: Post) {
    this.#post = post;
  }

  /** Adds a result. If its body is `owned`, its buffer holds nothing else and is given away. */
  add(id: number, status: number, body: Uint8Array, owned: boolean): void {
    if (body.length <= LARGE_RESULT_BYTES) return this.#batch.add(id, status, body);
    const own = (owned ? body : body.slice()) as Uint8Array<ArrayBuffer>;
    this.#post({ kind: "result", id, status, body: own }, [own.buffer]);
  }

  /** Posts the small ones. */
  flush(): void {
    const bytes = this.#batch.take();
    if (bytes !== undefined) this.#post({ kind: "results", bytes }, [bytes.buffer]);
  }
}
