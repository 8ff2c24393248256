/**
 * What a Python process tells while it lives.
 *
 * @module
 */
import type { Answer } from "./link/requests.ts";

/** Is told what a Python process does. Bodies and chunks are good until the call returns. */
export interface ProcessEvents {
  /** A result. `isRead`: all output of the job has been told. */
  result(job: number, status: number, body: Uint8Array, owned: boolean, isRead: boolean): void;
  broken(job: number, message: string): void;
  note(job: number, fields: Record<string, string | number | boolean>): void;
  /** All results that came together have been told. */
  turn(): void;
  /** Output. Returns what has to happen before more is read. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined;
  /** Answers what code asks in the middle of its eval. Without it only pings are answered. */
  request?: Answer;
  /** The process breaks a rule of the link and is being ended for that. */
  fault(message: string): void;
}
