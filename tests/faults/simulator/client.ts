/**
 * One session of a schedule, as its user drives it: the real session, futures and readers, and what
 * every outcome is held against.
 *
 * @module
 */
import {
  CancelledError,
  EncodeError,
  EvalTimeoutError,
  type Future,
  NamespaceGoneError,
  PythonError,
  RemoteProcess,
  RemoteProcessDiedError,
  SessionError,
} from "../../../mod.ts";
import { checkOpenOptions } from "../../../src/api/check_options.ts";
import type { Outcome } from "../../../src/api/future.ts";
import type { SessionEnd } from "../../../src/api/session_end.ts";
import { SessionThread } from "../../../src/main_thread/thread.ts";
import { type EvalModel, type Model, must, outputBytes, Violation } from "./model.ts";
import type { Socket } from "./socket.ts";
import type { FakeTime } from "./time.ts";
import { FakeWorker } from "./worker.ts";

/** One eval of it. */
export interface CalledEval {
  readonly model: EvalModel;
  readonly future: Future<unknown>;
  readonly abort: AbortController | undefined;
  outcome: Outcome<unknown> | undefined;
  /** How many bytes its reader has got, by descriptor; undefined without a reader. */
  read: Record<1 | 2, number> | undefined;
  /** Its output has ended, as its reader says. */
  readToEnd: boolean;
}

/** One session. */
export class FakeClient {
  readonly name: string;
  readonly worker: FakeWorker;
  readonly thread: SessionThread;
  readonly evals: CalledEval[] = [];
  /** Its end of the connection and the server's. */
  remote: RemoteProcess | undefined;
  end: SessionEnd | undefined;
  /** What was done to it that may end it. */
  fault: string | undefined;
  /** Its ends of the connections of which the network swallows a direction, or both. */
  readonly swallowing: Socket[] = [];
  /** Since when nothing has come on one of these. */
  swallowedAt: number | undefined;
  endedAt: number | undefined;
  closing: "no" | "now" | "drain" = "no";
  /** Interrupts that have been asked for and answered. */
  asked = 0;
  answered = 0;
  /** Readers that have not come to an end. */
  reading = 0;
  readonly #model: Model;
  readonly #time: FakeTime;
  readonly #violated: (error: unknown) => void;

  /** Opens it. */
  constructor(
    name: string,
    model: Model,
    time: FakeTime,
    violated: (error: unknown) => void,
  ) {
    this.name = name;
    this.#model = model;
    this.#time = time;
    this.#violated = violated;
    this.worker = new FakeWorker(name, time);
    const options = checkOpenOptions({ limits: { queuedEvals: 50 } });
    this.thread = new SessionThread(
      { hostname: "localhost", port: 1 },
      options,
      () => this.worker as unknown as Worker,
    );
    this.thread.closed.then((end) => {
      this.end = end;
      this.endedAt = time.now;
      this.#check(() => this.#checkEnd(end));
    });
    this.#open();
  }

  /** Whether evals can be called. */
  get isOpen(): boolean {
    return this.remote !== undefined && !this.thread.over;
  }

  /** Evals without an outcome. */
  get pending(): CalledEval[] {
    return this.evals.filter(({ outcome }) => outcome === undefined);
  }

  /** Calls an eval. */
  eval(
    plan: string[],
    options: { namespace?: string; timeout?: number; signal?: boolean } = {},
  ): CalledEval {
    const marker = this.#model.evals.size + 1;
    const model: EvalModel = {
      marker,
      session: this.name,
      plan,
      namespace: options.namespace,
      timeout: options.timeout,
      cancelled: false,
      interruptible: false,
      starts: 0,
      handOvers: 0,
      running: false,
      written: { 1: 0, 2: 0 },
      answer: undefined,
      lost: false,
      namespaceGone: false,
    };
    const abort = options.signal ? new AbortController() : undefined;
    const future = this.remote!.eval(`${marker} ${plan.join(" ")}`, {
      namespace: options.namespace,
      timeout: options.timeout,
      signal: abort?.signal,
    });
    this.#model.evals.set(marker, model);
    this.#model.count("evals");
    const called: CalledEval = {
      model,
      future,
      abort,
      outcome: undefined,
      read: undefined,
      readToEnd: false,
    };
    this.evals.push(called);
    future.waitNoExcept().then((outcome) =>
      this.#check(() => {
        must(called.outcome === undefined, () => `eval ${marker} settled twice`);
        called.outcome = outcome;
        this.#model.count("settled");
        this.#checkOutcome(called, outcome);
      })
    );
    return called;
  }

  /** Reads an eval's output, taking a chunk each time so much time has passed. */
  async read(called: CalledEval, pauseMs: number): Promise<void> {
    const { model, future } = called;
    const counts = called.read = { 1: 0, 2: 0 };
    this.reading++;
    try {
      for await (const { fd, bytes } of future.output({ raw: true })) {
        this.#check(() => {
          const wanted = outputBytes(model.marker, counts[fd], bytes.length);
          const isRight = bytes.every((byte, at) => byte === wanted[at]);
          must(isRight, () => `eval ${model.marker} wrote other bytes on ${fd} than have come`);
          counts[fd] += bytes.length;
        });
        if (pauseMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
      }
      called.readToEnd = true;
      this.#check(() => this.#checkOutput(called));
    } catch (error) {
      this.#check(() => {
        must(error instanceof SessionError, () => `the output ended with ${error}`);
        must(this.#mayFail, () => `the output of eval ${model.marker} broke: ${error}`);
      });
    }
    this.reading--;
  }

  /** Interrupts whatever runs. */
  async interrupt(): Promise<void> {
    for (const { model, outcome } of this.evals) {
      if (outcome === undefined) model.interruptible = true;
    }
    this.asked++;
    try {
      await this.remote!.interrupt();
      this.#model.count("interrupts answered");
    } catch (error) {
      this.#check(() => must(error instanceof SessionError, () => `interrupt() threw ${error}`));
    }
    this.answered++;
  }

  /** Closes it. */
  async close(drain: boolean): Promise<void> {
    this.closing = drain ? "drain" : "now";
    await this.thread.close(drain);
  }

  async #open(): Promise<void> {
    try {
      // Every other one in one step, as connect() does it.
      const connecting = this.name.charCodeAt(0) % 2 === 0 ? this.thread.connect() : undefined;
      const hello = await this.thread.opened;
      await (connecting ?? this.thread.connect());
      this.remote = new RemoteProcess(hello.session_id, this.thread);
    } catch (error) {
      this.#check(() => {
        must(error instanceof SessionError, () => `opening failed with ${error}`);
        must(this.#mayFail, () => `opening failed: ${error}`);
      });
    }
  }

  get #mayFail(): boolean {
    return this.fault !== undefined || this.closing !== "no";
  }

  #checkEnd({ reason, error }: SessionEnd): void {
    this.#model.count(`ends ${reason}`);
    if (this.fault !== undefined) return;
    must(
      this.closing !== "no" && reason === "CLIENT_CLOSED" && error === undefined,
      () => `session ${this.name} ended although nothing was done to it: ${reason} ${error}`,
    );
  }

  /** The client's word against what python and the schedule know. */
  #checkOutcome({ model, abort }: CalledEval, outcome: Outcome<unknown>): void {
    const { marker } = model;
    const say = (what: string) => () =>
      `eval ${marker} of ${this.name} (${
        model.plan.join(" ")
      }) ${what}; python: ${model.answer}, ` +
      `starts ${model.starts}, lost ${model.lost}, outcome ` +
      (outcome.ok ? `value ${outcome.value}` : `${outcome.error}`);
    if (outcome.ok) {
      const { value } = outcome;
      if (model.answer === "large value") {
        const isWhole = value instanceof Uint8Array && value.length === 40_000 &&
          value.every((byte) => byte === (marker & 0xff));
        return must(isWhole, say("has another value"));
      }
      return must(model.answer === "value" && value === marker, say("has another value"));
    }
    const { error } = outcome;
    const wasStopped = model.cancelled || abort?.signal.aborted || model.timeout !== undefined;
    if (error instanceof CancelledError) {
      must(wasStopped!, say("was never cancelled"));
      must(
        !(error instanceof EvalTimeoutError) || model.timeout !== undefined,
        say("has no timeout"),
      );
      must(!model.running, say("is cancelled and still runs"));
      const isTrue = error.how === "killed"
        ? model.lost
        : error.how === "interrupted"
        ? model.answer === "cancelled interrupted"
        : model.starts === 0;
      must(isTrue, say(`was not ${error.how}`));
      const swallows = model.plan.includes("s") || model.plan.includes("c");
      must(error.how !== "killed" || swallows, say("was killed, and would have stopped"));
    } else if (error instanceof PythonError) {
      must(model.answer === `error ${error.type}`, say("raised something else"));
    } else if (error instanceof EncodeError) {
      must(model.answer === "unsendable", say("could be sent"));
    } else if (error instanceof NamespaceGoneError) {
      must(model.namespaceGone && model.starts === 0, say("has its namespace"));
    } else if (error instanceof RemoteProcessDiedError) {
      must(model.lost || (model.starts === 0 && model.handOvers >= 3), say("did not die"));
    } else {
      must(error instanceof SessionError, say("failed in another way"));
      const isAllowed = this.fault !== undefined || this.closing === "now";
      must(isAllowed, say("failed with its session"));
    }
  }

  #checkOutput(called: CalledEval): void {
    const { model, read, future } = called;
    const dropped = future.outputDropped;
    const got = read![1] + read![2];
    const written = model.written[1] + model.written[2];
    must(
      got + dropped === written || this.fault !== undefined,
      () =>
        `of the output of eval ${model.marker} ${got} bytes came, ${dropped} were dropped, ` +
        `and ${written} written`,
    );
    this.#model.count("outputs read whole");
  }

  /** Runs a check in a callback of the product's, where nobody would see what it throws. */
  #check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#violated(error instanceof Violation ? error : new Violation(`${error}`));
    }
  }
}
