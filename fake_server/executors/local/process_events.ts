/**
 * What a python process tells while it lives.
 *
 * @module
 */
/** What a python process has to tell. Bodies and chunks are good until the call returns. */
export interface ProcessEvents {
  /** `isRead`: the job has no more output than what has been told. */
  result(job: number, status: number, body: Uint8Array, owned: boolean, isRead: boolean): void;
  broken(job: number, message: string): void;
  note(job: number, fields: Record<string, string | number | boolean>): void;
  /** All that came together has been told. */
  turn(): void;
  /** Gives back what has to happen before more is read. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined;
  /** The process breaks the rules of the link, and is being ended for it. */
  fault(message: string): void;
}
