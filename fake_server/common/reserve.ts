/**
 * Descriptors in reserve: so that a server which has no others left can tell whoever comes, and can
 * replace a python process that dies.
 *
 * @module
 */
import { ACCEPT_RETRY_MS, RESERVE_BACK_MS, RESERVED_DESCRIPTORS } from "./limits.ts";
import { lacksDescriptors } from "./shortage.ts";

/** Descriptors that are held to be let go. */
export class Reserve implements Disposable {
  readonly #files: Deno.FsFile[] = [];
  readonly #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when all that were lent it before are done with it. */
  #lent: Promise<unknown> = Promise.resolve();
  #lendings = 0;
  #isOver = false;

  /** Holds them, so far as there are any. */
  constructor() {
    this.hold();
  }

  /** Holds all of them; false if they are not to be had. */
  hold(): boolean {
    if (this.#lendings > 0 || this.#isOver) return false;
    clearTimeout(this.#timer);
    try {
      while (this.#files.length < RESERVED_DESCRIPTORS) {
        this.#files.push(Deno.openSync("/dev/null"));
      }
    } catch (error) {
      // Without that file there is no reserve, and still room for connections.
      return !lacksDescriptors(error);
    }
    for (const resolve of this.#waiting) resolve();
    return true;
  }

  /** Resolves when all are held again, and after a moment at the latest. */
  back(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ACCEPT_RETRY_MS);
      this.#waiting.add(done);
    });
  }

  /**
   * Lets one go for what needs it at once; false if none is held. Nothing may need it after all: so
   * it is taken back after a moment.
   */
  release(): boolean {
    const file = this.#files.pop();
    if (file === undefined) return false;
    file.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hold(), RESERVE_BACK_MS);
    return true;
  }

  /** Lets all go while something is made that needs them; one after the other. */
  async lend<T>(make: () => Promise<T>): Promise<T> {
    this.#lendings++;
    const before = this.#lent;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lent = promise;
    await before;
    this.#drop();
    try {
      return await make();
    } finally {
      this.#lendings--;
      this.hold();
      resolve();
    }
  }

  /** Lets them go for good. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    for (const file of this.#files.splice(0)) file.close();
  }
}
