/**
 * What a client may ask for on the mainstream: evals, cancels, interrupts, the status, the end.
 *
 * @module
 */
import type { Frame } from "../../src/wire/frame.ts";
import { EvalFlag, type Interrupted, MessageType } from "../../src/wire/messages.ts";
import {
  checkControlPart,
  Control,
  controlBody,
  controlPart,
  isControlEmpty,
} from "../common/control.ts";
import { Fault } from "../common/fault.ts";
import { MAX_NAMESPACES } from "../common/limits.ts";
import { evalFrame } from "../executors/local/link.ts";
import { Job, type Line } from "../scheduling/job.ts";
import type { Task } from "../scheduling/slot.ts";
import type { Connection } from "./connections/connection.ts";
import { Eval, type EvalOwner } from "./eval.ts";
import type { EvalTable } from "./eval_table.ts";
import { checkPlain, typeText } from "./plain.ts";
import type { SessionContext } from "./session_context.ts";
import { statusOf } from "./status.ts";

const KNOWN_FLAGS = EvalFlag.RUNNING | EvalFlag.SILENT;

/** How far a session has come on its way to the end. */
export type Ending = "no" | "drain" | "shutdown" | "over";

/** The session of these requests. */
export interface RequestsOwner {
  /** To which its evals belong. */
  readonly evals: EvalOwner;
  /** Its number on the link. */
  readonly session: number;
  /** Whether it is ending, or its outputstream has not come. */
  takes(): Ending | "no outputstream";
  /** The client ends it; with `drain` what is in flight may finish. */
  goodbye(drain: boolean): void;
  /** The client says that something is wrong. */
  clientError(frame: Frame): void;
}

/** Carries out the requests of one session. */
export class Requests {
  readonly #context: SessionContext;
  readonly #line: Line<Task>;
  readonly #evals: EvalTable;
  readonly #main: Connection;
  readonly #owner: RequestsOwner;
  /** Whether an eval has named a namespace. */
  usesNamespaces = false;

  /** Those that come on `main`. */
  constructor(
    context: SessionContext,
    line: Line<Task>,
    evals: EvalTable,
    main: Connection,
    owner: RequestsOwner,
  ) {
    this.#context = context;
    this.#line = line;
    this.#evals = evals;
    this.#main = main;
    this.#owner = owner;
  }

  /**
   * Takes a message.
   *
   * @throws {Fault} If it breaks a rule.
   */
  frame(frame: Frame): void {
    const { type, id } = frame;
    if (type === MessageType.EVAL) return this.#eval(frame);
    checkPlain(frame);
    const { pool, clock } = this.#context;
    switch (type) {
      case MessageType.CANCEL: {
        new Control("CANCEL", frame.body).optional("reason", "string");
        const job = this.#evals.find(id)?.job;
        if (job !== undefined) pool.scheduler.cancel(job, clock());
        break;
      }
      case MessageType.INTERRUPT: {
        new Control("INTERRUPT", frame.body);
        const job = pool.scheduler.interrupt(this.#line, clock());
        const id = job?.payload.origin.request;
        this.#main.sendControl(MessageType.INTERRUPTED, { id } satisfies Interrupted);
        break;
      }
      case MessageType.STATUS: {
        new Control("STATUS", frame.body);
        const status = statusOf(pool, this.#line, clock());
        this.#main.send(MessageType.STATUS_REPLY, 0, id, controlBody(status));
        break;
      }
      case MessageType.GOODBYE:
        this.#owner.goodbye(
          new Control("GOODBYE", frame.body).optional("drain", "boolean") ?? false,
        );
        break;
      case MessageType.ERROR:
        this.#owner.clientError(frame);
        break;
      default:
        throw new Fault("PROTOCOL", `type ${typeText(type)} has no place on an open mainstream`);
    }
  }

  #eval({ id, flags, body, owned }: Frame): void {
    const takes = this.#owner.takes();
    if (takes === "no outputstream") {
      throw new Fault("PROTOCOL", "EVAL came before the outputstream");
    }
    if (takes === "drain") throw new Fault("PROTOCOL", "EVAL came after GOODBYE");
    // The client cannot know yet; the GOODBYE that follows tells it that this one has not run.
    if (takes !== "no") return;
    if ((flags & ~KNOWN_FLAGS) !== 0) {
      throw new Fault("PROTOCOL", `EVAL has the flags ${flags}`);
    }
    this.#evals.admit(id);
    checkControlPart("EVAL", body);
    const namespace = isControlEmpty(body) ? undefined : this.#namespaceOf(body);
    const { session, evals } = this.#owner;
    const link = evalFrame(session, body, owned);
    const task = new Eval(evals, { session, request: id }, link, body.length, flags);
    task.job = new Job<Task>(this.#line, task, namespace);
    this.#evals.add(task);
    this.#context.pool.scheduler.submit(task.job, this.#context.clock());
  }

  /** Reads what python will read too, so that a mistake ends the session here and now. */
  #namespaceOf(body: Uint8Array): string | undefined {
    const control = new Control("EVAL", controlPart("EVAL", body));
    control.optional("strict", "boolean");
    const namespace = control.optional("namespace", "string");
    if (namespace === undefined) return undefined;
    if (this.#line.namespaces.size >= MAX_NAMESPACES) {
      throw new Fault("LIMIT", `the session has more than ${MAX_NAMESPACES} namespaces`);
    }
    this.usesNamespaces = true;
    return namespace;
  }
}
