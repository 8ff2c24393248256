/**
 * The server of a schedule: the real connections, sessions, scheduler and slots over python
 * processes that are not.
 *
 * @module
 */
import {
  Connection,
  type ConnectionContext,
} from "../../../fake_server/clients/connections/connection.ts";
import { Forget } from "../../../fake_server/clients/forget.ts";
import { Session } from "../../../fake_server/clients/session.ts";
import { Sessions } from "../../../fake_server/clients/sessions.ts";
import { Control } from "../../../fake_server/common/control.ts";
import { Fault } from "../../../fake_server/common/fault.ts";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import { DEFAULT_LIMITS, MAX_JOBS_AHEAD } from "../../../fake_server/common/limits.ts";
import type { Observer } from "../../../fake_server/common/observer.ts";
import type { Execution } from "../../../fake_server/executors/executor.ts";
import { LocalExecution } from "../../../fake_server/executors/local/local_execution.ts";
import type { Job, Outcome, Queue } from "../../../fake_server/scheduling/job.ts";
import type { JobOwner } from "../../../fake_server/scheduling/job_owner.ts";
import { Scheduler } from "../../../fake_server/scheduling/scheduler.ts";
import { Slot } from "../../../fake_server/scheduling/slot.ts";
import type { Frame } from "../../../src/wire/frame.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import { Feature, MessageType } from "../../../src/wire/messages.ts";
import { evalParts } from "../../eval_body.ts";
import { type Model, must } from "./model.ts";
import { FakePython } from "./python.ts";
import type { Random } from "./random.ts";
import type { Socket } from "./socket.ts";
import type { FakeTime } from "./time.ts";

/** What the processes say of themselves. */
const PYTHON = {
  pid: 1,
  executable: "python3",
  version: "3.11.7",
  implementation: "CPython",
  msgpack: "c",
  descriptors: 0,
};

/** A python process that is asked for and not there yet. */
interface Starting {
  slot: number;
  resolve: (execution: Execution) => void;
  reject: (error: Error) => void;
}

/** The server. */
export class FakeServer {
  readonly scheduler: Scheduler<JobOwner>;
  readonly sessions: Sessions;
  readonly connections: Set<Connection> = new Set();
  readonly starting: Starting[] = [];
  /** The process of each slot, dead ones included until they are replaced. */
  readonly processes: (FakePython | undefined)[];
  /** How many evals a client may have in flight. */
  readonly evalsInFlight: number;
  readonly #model: Model;
  readonly #random: Random;
  readonly #time: FakeTime;
  readonly #context: ConnectionContext;
  /** Nobody wants to know what the schedule knows. */
  readonly #observer: Observer = {};
  readonly #slots: Slot[];
  readonly #ticker: ReturnType<typeof setInterval>;
  /** Who has jobs in each slot's process. */
  readonly #handed: Job<JobOwner>[][];
  readonly #queues = new Set<Queue<JobOwner>>();
  /** How many jobs of other queues have gone before the first of this one since it is the first. */
  #passedBy = new Map<Queue<JobOwner>, Map<Queue<JobOwner>, number>>();
  #lastPid = 0;
  #lastSession = 0;

  /** Starts it. */
  constructor(model: Model, random: Random, time: FakeTime, workers: number) {
    this.#model = model;
    this.#random = random;
    this.#time = time;
    this.evalsInFlight = random.pick([1, 2, 5, 20, 1000]);
    this.#context = {
      limits: DEFAULT_LIMITS,
      clock: () => time.now,
      unfinished: { bytes: 0 },
      buffers: new KeptBuffers(() => time.now),
    };
    this.processes = Array.from({ length: workers }, () => undefined);
    this.#handed = Array.from({ length: workers }, () => []);
    this.sessions = new Sessions(this.#observer);
    this.scheduler = new Scheduler<JobOwner>(workers, DEFAULT_LIMITS.cancelGraceMs, {
      handOver: (slot, job) => {
        this.#handedOver(slot, job);
        this.#slots[slot]!.handOver(job);
      },
      cancel: (slot, job) => this.#slots[slot]!.cancel(job),
      running: (slot) => this.#slots[slot]!.running,
      interrupt: (slot, job) => this.#slots[slot]!.interrupt(job),
      remind: (slot) => this.#slots[slot]!.remind(),
      kill: (slot) => this.#slots[slot]!.kill(),
      settle: (job, outcome) => this.#settled(job, outcome),
    });
    this.#slots = this.processes.map((_, slot) =>
      new Slot(slot, {
        observer: this.#observer,
        sessions: this.sessions,
        clock: this.#context.clock,
        scheduler: this.scheduler,
        start: () =>
          new Promise((resolve, reject) => this.starting.push({ slot, resolve, reject })),
        lacking: () => {},
      })
    );
    this.#ticker = setInterval(() => {
      this.scheduler.tick(time.now);
      this.sessions.tick(time.now);
      for (let slot = 0; slot < workers; slot++) {
        const current = this.scheduler.current(slot, time.now);
        current?.job.payload.runs(current.ms);
      }
    }, DEFAULT_LIMITS.tickMs);
  }

  /** A client has dialled. */
  accept(socket: Socket): void {
    const connection: Connection = new Connection(
      socket,
      this.#context,
      {
        frame: (frame) => this.#hello(connection, frame),
        fault: ({ code, message }) => connection.fail(code, message),
        lost: () => {},
      },
    );
    this.connections.add(connection);
    connection.gone.then(() => this.connections.delete(connection));
  }

  /** The first of the processes that are asked for is there, or does not come up. */
  start(works: boolean): void {
    const { slot, resolve, reject } = this.starting.shift()!;
    if (!works) return reject(new Error("not started by the schedule"));
    this.#handed[slot] = [];
    this.#passedBy = new Map();
    const process = new FakePython(++this.#lastPid, this.#model, this.#random);
    this.processes[slot] = process;
    resolve(new LocalExecution(process));
  }

  /** What holds at every moment. */
  check(): void {
    for (const queue of this.#queues) {
      const handed = this.#handed[queue.slot]!.filter((job) =>
        job.queue === queue && job.state === "handed"
      );
      const inFlight = [...queue.waiting, ...handed].filter(isEval).length;
      must(inFlight <= this.evalsInFlight, () => `${inFlight} evals of a session are in flight`);
      if (queue.closed && inFlight === 0) this.#queues.delete(queue);
    }
    for (const [slot, process] of this.processes.entries()) {
      // Who has not answered keeps its place, cancelled or not.
      if (process === undefined || process.busyJob === 0) continue;
      const head = this.scheduler.head(slot);
      must(
        head !== undefined,
        () => `python runs job ${process.busyJob}, the server knows of none`,
      );
    }
  }

  /** Ends the processes for good. */
  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()));
    clearInterval(this.#ticker);
  }

  #handedOver(slot: number, job: Job<JobOwner>): void {
    const handed = this.#handed[slot] = this.#handed[slot]!.filter(({ state }) =>
      state === "handed"
    );
    handed.push(job);
    must(handed.length <= MAX_JOBS_AHEAD, () => `${handed.length} jobs were handed over ahead`);
    this.#passedBy.delete(job.queue);
    this.#queues.add(job.queue);
    for (const queue of this.#queues) {
      if (
        queue.slot !== slot || queue === job.queue || queue.paused || queue.waiting.length === 0
      ) {
        this.#passedBy.delete(queue);
        continue;
      }
      const counts = this.#passedBy.get(queue) ?? new Map<Queue<JobOwner>, number>();
      this.#passedBy.set(queue, counts);
      const count = (counts.get(job.queue) ?? 0) + 1;
      counts.set(job.queue, count);
      must(count <= 2, () => `a session got ${count} round while another waited for its first`);
    }
  }

  #settled(job: Job<JobOwner>, outcome: Outcome): void {
    if (outcome.kind === "namespace_gone") {
      const { model } = this.#modelOf(job);
      model.namespaceGone = true;
      const name = `${model.session}/${outcome.namespace}`;
      const lives = this.#model.namespaces.get(name);
      must(
        lives !== undefined && lives !== this.processes[job.queue.slot]?.info.pid,
        () => `the namespace of eval ${model.marker} is said to be gone, and lives in ${lives}`,
      );
      this.#model.namespaces.delete(name);
    }
    // Another is the first of its queue now.
    this.#passedBy.delete(job.queue);
    job.payload.outcome(outcome);
  }

  #modelOf(job: Job<JobOwner>): { model: ReturnType<Model["ofCode"]> } {
    const { work } = job.payload;
    if (work.kind !== "eval") throw new Error("no eval");
    return { model: this.#model.ofCode(evalParts(work.body).code) };
  }

  #hello(connection: Connection, frame: Frame): void {
    if (frame.type === MessageType.OUTPUT_HELLO) {
      const token = new Control("OUTPUT_HELLO", frame.body).required("stream_token", "string");
      const session = this.sessions.claim(token, undefined);
      if (session === undefined) throw new Fault("STREAM_TOKEN", "the stream token is not valid");
      return session.attach(connection);
    }
    let token = "";
    const session = new Session(
      {
        pool: {
          scheduler: this.scheduler,
          pid: (slot) => this.#slots[slot]!.pid,
          python: PYTHON,
        },
        observer: this.#observer,
        clock: () => this.#time.now,
        limits: DEFAULT_LIMITS,
        buffers: this.#context.buffers,
        closed: (session) => this.sessions.remove(session, token),
      },
      ++this.#lastSession,
      connection,
    );
    token = this.sessions.add(session, undefined);
    connection.sendControl(MessageType.SERVER_HELLO, {
      session_id: session.id,
      stream_token: token,
      output_addr: ":2",
      limits: { frame_bytes: MAX_FRAME_BODY_BYTES, evals_in_flight: this.evalsInFlight },
      server: "simulated",
      python: PYTHON,
      features: [Feature.INTERRUPT, Feature.RUNNING, Feature.STATUS],
    });
  }
}

/** Whether it is a client's, and not the last job of a closed session. */
function isEval({ payload }: Job<JobOwner>): boolean {
  return !(payload instanceof Forget);
}
