/**
 * Reports the progress of watched evals to the main thread, a few times a second.
 *
 * @module
 */
import { ProgressWatch } from "../protocol/progress.ts";
import type { Post } from "./post.ts";

/** `onProgress` is called at most this often: enough for a smooth bar. */
const PROGRESS_INTERVAL_MS = 100;

/** The watched evals of a session. */
export class ProgressReports {
  readonly #post: Post;
  readonly #watch = new ProgressWatch();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Posts reports with `post`. */
  constructor(post: Post) {
    this.#post = post;
  }

  /** Watches evals of a batch that is about to be sent. */
  add(ids: number[], bytes: Uint8Array): void {
    this.#watch.add(ids, bytes);
  }

  /** Bytes have been given to the mainstream. */
  given(bytes: Uint8Array): void {
    this.#watch.given(bytes);
  }

  /** A result of so many bytes has come: the last report of its eval, if that is watched. */
  finish(id: number, length: number): void {
    const progress = this.#watch.finish(id, length);
    if (progress !== undefined) this.#post({ kind: "progress", id, progress });
  }

  /**
   * Runs the timer while there is something to watch: how much of an eval is written to the
   * mainstream, how much of its result has come.
   */
  update(
    streams: { readonly written: number },
    connection: { readonly part: Parameters<ProgressWatch["moved"]>[1] },
  ): void {
    if (this.#watch.isEmpty) return this.stop();
    this.#timer ??= setInterval(() => {
      for (const [id, progress] of this.#watch.moved(streams.written, connection.part)) {
        this.#post({ kind: "progress", id, progress });
      }
    }, PROGRESS_INTERVAL_MS);
  }

  /** Stops the timer. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
