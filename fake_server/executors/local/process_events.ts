/**
 * What a python process tells while it lives, and what is known of it when it is dead.
 *
 * @module
 */
import type { Exit } from "../exit.ts";
import type { Answer } from "./requests.ts";

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
  /** Answers what code asks in the middle of its eval. Without it all but pings are refused. */
  request?: Answer;
  /** The process breaks the rules of the link, and is being ended for it. */
  fault(message: string): void;
}

/** What is known of a dead process. */
export interface Death {
  exit: Exit;
  /** The job it had begun last, 0 if none. */
  started: number;
}

/** How a process ended, in words. */
export function exitText(exit: Exit): string {
  if ("signal" in exit && exit.replaced) return "another program in its place (os.exec)";
  return "signal" in exit ? `signal ${exit.signal}` : `exit code ${exit.exit_code}`;
}
