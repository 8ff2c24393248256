/**
 * Executions in memory: what runs jobs where no Python is needed, and does just what a test says.
 *
 * @module
 */
import { resultBody } from "../fake_server/common/control.ts";
import type { Exit } from "../fake_server/common/exit.ts";
import type {
  Death,
  Execution,
  ExecutionJob,
  ExecutionSink,
  Executor,
  PythonInfo,
} from "../fake_server/executors/executor.ts";
import { StartError } from "../fake_server/executors/start_error.ts";
import { ResultStatus } from "../src/wire/messages.ts";

/** One that keeps its jobs until the test says what becomes of them. */
export class MemoryExecution implements Execution {
  readonly info: PythonInfo;
  readonly guardPid: number | undefined = undefined;
  readonly exited: Promise<Death>;
  /** The jobs that it has, in order. */
  readonly jobs: ExecutionJob[] = [];
  /** What it was told beside jobs, as words. */
  readonly told: string[] = [];
  /** See {@linkcode Execution.running}. */
  running = 0;
  #started = 0;
  #sink: ExecutionSink | undefined;
  readonly #die: (death: Death) => void;

  /** Makes one with this pid. */
  constructor(pid: number) {
    this.info = {
      pid,
      executable: "python3",
      version: "3.11.7",
      implementation: "CPython",
      msgpack: "c",
      descriptors: 0,
    };
    const { promise, resolve } = Promise.withResolvers<Death>();
    this.exited = promise;
    this.#die = resolve;
  }

  /** What takes what it tells. */
  get sink(): ExecutionSink {
    if (this.#sink === undefined) throw new Error("nobody listens yet");
    return this.#sink;
  }

  listen(sink: ExecutionSink): void {
    this.#sink = sink;
  }

  run(job: ExecutionJob): void {
    this.jobs.push(job);
  }

  cancel(job: number): void {
    this.told.push(`cancel ${job}`);
  }

  interrupt(job: number): void {
    this.told.push(`interrupt ${job}`);
  }

  remind(): void {
    this.told.push("remind");
  }

  kill(): void {
    this.told.push("kill");
    this.die({ signal: "SIGKILL" });
  }

  /** The first job begins. */
  begin(): ExecutionJob {
    const job = this.jobs[0]!;
    this.running = this.#started = job.id;
    return job;
  }

  /** The job that has begun prints. */
  print(text: string, fd: 1 | 2 = 1): void {
    const bytes = new TextEncoder().encode(text);
    this.jobs[0]!.output.output(fd, [bytes], bytes.length);
  }

  /** The first job is over, whether it had begun or not, and writes no more. */
  finish(status: number = ResultStatus.VALUE, body: Uint8Array = resultBody({})): void {
    const job = this.jobs.shift()!;
    this.#started = job.id;
    this.running = 0;
    this.sink.result(job.id, status, body, false);
    job.output.outputEnd();
    this.sink.turn(1);
  }

  /** It ends. */
  die(exit: Exit): void {
    this.running = 0;
    this.#die({ exit, started: this.#started });
  }
}

/** Starts those, each when the test says so. */
export class MemoryExecutor implements Executor {
  /** All that have come up. */
  readonly executions: MemoryExecution[] = [];
  /** Starts that wait for the test's word. */
  readonly starts: PromiseWithResolvers<Execution>[] = [];
  /** Starts need no word. */
  readonly #isPrompt: boolean;
  isClosed = false;

  /** Makes one; with `isPrompt` each start succeeds at once. */
  constructor(isPrompt = true) {
    this.#isPrompt = isPrompt;
  }

  start(): Promise<Execution> {
    const start = Promise.withResolvers<Execution>();
    this.starts.push(start);
    if (this.#isPrompt) this.up();
    return start.promise;
  }

  /** The first start that waits succeeds. */
  up(): MemoryExecution {
    const execution = new MemoryExecution(1_000 + this.executions.length);
    this.executions.push(execution);
    this.starts.shift()!.resolve(execution);
    return execution;
  }

  /** The first start that waits fails. */
  fail(message = "Cannot start python: on purpose"): void {
    this.starts.shift()!.reject(new StartError(message));
  }

  close(): Promise<void> {
    this.isClosed = true;
    while (this.starts.length > 0) this.fail("Cannot start python: the server closes");
    return Promise.resolve();
  }
}
