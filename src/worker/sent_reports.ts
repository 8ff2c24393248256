/**
 * Decides when the main thread is told how far its evals have been sent: seldom enough to cost
 * nothing, often enough that its queue does not fill with evals that have left.
 *
 * @module
 */

/** The reports of one session. */
export class SentReports {
  readonly #evals: number;
  readonly #bytes: number;
  #reportedId = 0;
  #unreportedBytes = 0;

  /** A report is due after so many evals, or so many bytes. */
  constructor(evals: number, bytes: number) {
    this.#evals = evals;
    this.#bytes = bytes;
  }

  /**
   * All evals up to `id` have been sent, the last of them with so many bytes more. Returns whether a
   * report is due. (A result also says that its eval has been sent, so a lone eval needs none.)
   */
  isDue(id: number, bytes: number): boolean {
    this.#unreportedBytes += bytes;
    if (id - this.#reportedId < this.#evals && this.#unreportedBytes < this.#bytes) return false;
    this.#reportedId = id;
    this.#unreportedBytes = 0;
    return true;
  }
}
