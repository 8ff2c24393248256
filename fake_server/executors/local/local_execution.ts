/**
 * A Python process of this machine as an execution: it gives jobs their frames, and output to the
 * jobs that it belongs to.
 *
 * @module
 */
import type {
  Death,
  Execution,
  ExecutionJob,
  ExecutionSink,
  PythonInfo,
  Work,
} from "../executor.ts";
import { EvalFrames, forgetFrame } from "./link/link.ts";
import { OutputRouter } from "./output/output_router.ts";
import type { ProcessEvents } from "./process_events.ts";
import type { PythonProcess } from "./python_process.ts";

/** A Python process, or in tests what stands in for one. */
export type Process = Pick<PythonProcess, keyof PythonProcess>;

/** One Python process that takes jobs. */
export class LocalExecution implements Execution, ProcessEvents {
  /** See {@linkcode Execution.exited}. */
  readonly exited: Promise<Death>;
  readonly #process: Process;
  readonly #router: OutputRouter;
  readonly #frames = new EvalFrames();
  #sink: ExecutionSink | undefined;
  /** What all jobs of the process have taken together, as of the last turn. */
  #spentMs = 0;

  /** That of a process that nobody listens to yet. */
  constructor(process: Process) {
    this.#process = process;
    this.#router = new OutputRouter(
      process.nonce,
      (evalId, fd, bytes) => this.#sink!.late(evalId, fd, bytes),
    );
    this.exited = this.#untilExit();
  }

  /** See {@linkcode Execution.info}. */
  get info(): PythonInfo {
    return this.#process.info;
  }

  /** See {@linkcode Execution.guardPid}. */
  get guardPid(): number {
    return this.#process.guardPid;
  }

  /** See {@linkcode Execution.running}. */
  get running(): number {
    return this.#process.running;
  }

  /** See {@linkcode Execution.listen}. */
  listen(sink: ExecutionSink): void {
    this.#sink = sink;
    this.#process.listen(this);
  }

  /** See {@linkcode Execution.run}. */
  run({ id, isAlone, work, output }: ExecutionJob): void {
    this.#router.begin(id, output);
    this.#process.send(this.#frameOf(work, id, isAlone));
  }

  /** See {@linkcode Execution.cancel}. */
  cancel(job: number): void {
    this.#process.cancel(job);
  }

  /** See {@linkcode Execution.interrupt}. */
  interrupt(job: number): void {
    this.#process.interrupt(job);
  }

  /** See {@linkcode Execution.remind}. */
  remind(): void {
    this.#process.remind();
  }

  /** See {@linkcode Execution.kill}. */
  kill(): void {
    this.#process.kill();
  }

  /** See {@linkcode ProcessEvents.result}. */
  result(job: number, status: number, body: Uint8Array, owned: boolean, isRead: boolean): void {
    if (isRead) this.#router.allRead(job);
    this.#router.over(job);
    this.#sink!.result(job, status, body, owned);
  }

  /** See {@linkcode ProcessEvents.broken}. */
  broken(job: number, message: string): void {
    this.#router.over(job);
    this.#sink!.broken(job, message);
  }

  /** See {@linkcode ProcessEvents.note}. */
  note(job: number, fields: Record<string, string | number | boolean>): void {
    this.#sink!.note(job === 0 ? undefined : this.#router.evalId(job), fields);
  }

  /** See {@linkcode ProcessEvents.turn}. */
  turn(): void {
    const spentMs = this.#process.spentMs();
    this.#sink!.turn(spentMs - this.#spentMs);
    this.#spentMs = spentMs;
  }

  /** See {@linkcode ProcessEvents.output}. */
  output(pipe: 1 | 2, chunk: Uint8Array): Promise<void> | undefined {
    return this.#router.read(pipe, chunk);
  }

  /** See {@linkcode ProcessEvents.fault}. */
  fault(message: string): void {
    this.#sink!.fault(message);
  }

  async #untilExit(): Promise<Death> {
    const death = await this.#process.exited;
    if (this.#sink !== undefined) this.#router.finish();
    return death;
  }

  #frameOf(work: Work, job: number, isAlone: boolean): readonly Uint8Array[] {
    switch (work.kind) {
      case "eval":
        return this.#frames.of(work.session, work.body, job, isAlone);
      case "forget":
        return [forgetFrame(work.session, job)];
    }
  }
}
