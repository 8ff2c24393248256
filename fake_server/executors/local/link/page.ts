/**
 * The memory that a Python process shares with the server (LINK.md, "Page"). It tells after a death
 * which job had begun, and binds a cancel to one job.
 *
 * @module
 */

const PAGE_BYTES = 20_480;
const SPENT_AT = 8;
const COUNT_AT = 64;
const SLOTS_AT = 68;
const SLOTS = 64;
const RUNNING_AT = 4;
const RESTS_AT = 16;
const REPLACED_AT = 20;
const INTERRUPTS_AT = 324;
const INTERRUPTED_AT = 328;
const HELD_AT = 4_096;
const HELD_START = 8;

/** The server's end of the page: a file that Python maps. */
export class Page {
  readonly #file: Deno.FsFile;
  #cancels = 0;
  #interrupts = 0;

  /** Makes the file at `path`, which must not exist. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
    try {
      // A nearly full file system writes a part of it first, and fails then.
      for (let at = 0; at < PAGE_BYTES;) {
        at += this.#file.writeSync(new Uint8Array(PAGE_BYTES - at));
      }
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** The job that Python has begun last, 0 if none: still there when Python is dead. */
  started(): number {
    return this.#read(0, 4).getUint32(0, true);
  }

  /** Whether the last job, or a thread since, asked to replace the process by another program. */
  isReplaced(): boolean {
    const started = this.started();
    return started !== 0 && this.#read(REPLACED_AT, 4).getUint32(0, true) === started;
  }

  /** How many milliseconds all jobs that have a result took together. */
  spentMs(): number {
    return Number(this.#read(SPENT_AT, 8).getBigUint64(0, true)) / 1e6;
  }

  /** The job whose code Python runs now, 0 if none. */
  running(): number {
    return this.#read(RUNNING_AT, 4).getUint32(0, true);
  }

  /**
   * The results that Python holds back, as frames. undefined if it is sending them at this moment:
   * then they come on the link.
   */
  held(): Uint8Array | undefined {
    const head = this.#read(HELD_AT, HELD_START);
    const length = Math.min(head.getUint32(4, true), PAGE_BYTES - HELD_AT - HELD_START);
    if (length === 0) return undefined;
    const { buffer } = this.#read(HELD_AT + HELD_START, length);
    const isSame = this.#read(HELD_AT, 4).getUint32(0, true) === head.getUint32(0, true);
    return isSame ? new Uint8Array(buffer) : undefined;
  }

  /** Notes how often a rest of the pipes has begun or ended. */
  rest(rests: number): void {
    this.#write(RESTS_AT, rests);
  }

  /** Notes that `job` is to be stopped; Python looks when it is interrupted. */
  cancel(job: number): void {
    this.#write(SLOTS_AT + 4 * (this.#cancels % SLOTS), job);
    this.#cancels = (this.#cancels + 1) >>> 0;
    // The count comes last, so that Python sees no empty slot.
    this.#write(COUNT_AT, this.#cancels);
  }

  /** Notes that `job`, which runs, is to get a KeyboardInterrupt; Python looks at the signal. */
  interrupt(job: number): void {
    // There are two slots, so that Python never reads the one that is being written.
    this.#write(INTERRUPTED_AT + 4 * (this.#interrupts % 2), job);
    this.#interrupts = (this.#interrupts + 1) >>> 0;
    this.#write(INTERRUPTS_AT, this.#interrupts);
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  #read(at: number, length: number): DataView<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.#file.seekSync(at, Deno.SeekMode.Start);
    this.#file.readSync(bytes);
    return new DataView(bytes.buffer);
  }

  #write(at: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.#file.seekSync(at, Deno.SeekMode.Start);
    this.#file.writeSync(bytes);
  }
}
