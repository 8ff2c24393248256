/**
 * Descriptors in reserve. With them a server that has no others left can still refuse clients with
 * a reason, and can replace a python process that dies.
 *
 * @module
 */
import { ACCEPT_RETRY_MS, RESERVE_BACK_MS, RESERVED_DESCRIPTORS } from "./limits.ts";
import { lacksDescriptors } from "./shortage.ts";

/** Open descriptors that are closed when something else needs them. */
export class Reserve implements Disposable {
  readonly #files: Deno.FsFile[] = [];
  readonly #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when all earlier calls of `lend` are done. */
  #lent: Promise<unknown> = Promise.resolve();
  #lendings = 0;
  #isOver = false;

  /** Opens as many as it can. */
  constructor() {
    this.hold();
  }

  /** Opens all that are missing; false if there are no descriptors for it. */
  hold(): boolean {
    if (this.#lendings > 0 || this.#isOver) return false;
    clearTimeout(this.#timer);
    try {
      while (this.#files.length < RESERVED_DESCRIPTORS) {
        this.#files.push(Deno.openSync("/dev/null"));
      }
    } catch (error) {
      // Without that file there is no reserve, but there is still room for connections.
      return !lacksDescriptors(error);
    }
    for (const resolve of this.#waiting) resolve();
    return true;
  }

  /** Resolves when all are open again, or after a short time. */
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
   * Closes one, so that the next open() or accept() succeeds; false if none is left. It may not be
   * needed after all, so it is taken back after a short time.
   */
  release(): boolean {
    const file = this.#files.pop();
    if (file === undefined) return false;
    file.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hold(), RESERVE_BACK_MS);
    return true;
  }

  /** Closes all while `make` runs. Calls run one after another. */
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

  /** Closes all, permanently. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    for (const file of this.#files.splice(0)) file.close();
  }
}
