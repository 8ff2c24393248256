/**
 * What a client sends on the mainstream: evals, cancels, interrupts, questions for the status, the
 * end of the session.
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
import { Job, type Queue } from "../scheduling/job.ts";
import type { JobOwner } from "../scheduling/job_owner.ts";
import type { Connection } from "./connections/connection.ts";
import { Eval, type EvalOwner } from "./eval.ts";
import type { EvalTable } from "./eval_table.ts";
import { checkPlain, typeText } from "./plain.ts";
import type { SessionContext } from "./session_context.ts";
import { statusOf } from "./status.ts";

const KNOWN_FLAGS = EvalFlag.RUNNING | EvalFlag.SILENT;

/** How far a session has come on its way to the end. */
export type Ending = "no" | "drain" | "shutdown" | "over";

/** The session that these messages belong to. */
export interface MessagesOwner {
  /** Owns the evals. */
  readonly evals: EvalOwner;
  /** Its id in the log. */
  readonly id: string;
  /** Its number on the link. */
  readonly session: number;
  /** Whether it is ending, or its outputstream has not come. */
  takes(): Ending | "no outputstream";
  /** The client ends it; with `drain` what is in flight may finish. */
  goodbye(drain: boolean): void;
  /** The client says that something is wrong. */
  clientError(frame: Frame): void;
}

/** Handles the messages of one session. */
export class SessionMessages {
  readonly #context: SessionContext;
  readonly #queue: Queue<JobOwner>;
  readonly #evals: EvalTable;
  readonly #main: Connection;
  readonly #owner: MessagesOwner;
  /** Whether an eval has named a namespace. */
  usesNamespaces = false;

  /** Handles those that come on `main`. */
  constructor(
    context: SessionContext,
    queue: Queue<JobOwner>,
    evals: EvalTable,
    main: Connection,
    owner: MessagesOwner,
  ) {
    this.#context = context;
    this.#queue = queue;
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
        const job = pool.scheduler.interrupt(this.#queue, clock());
        const id = job?.payload.evalId.id;
        this.#main.sendControl(MessageType.INTERRUPTED, { id } satisfies Interrupted);
        break;
      }
      case MessageType.STATUS: {
        new Control("STATUS", frame.body);
        const status = statusOf(pool, this.#queue, clock());
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
    // The client does not know yet. The GOODBYE that follows tells it that this eval has not run.
    if (takes !== "no") return;
    if ((flags & ~KNOWN_FLAGS) !== 0) {
      throw new Fault("PROTOCOL", `EVAL has the flags ${flags}`);
    }
    this.#evals.admit(id);
    checkControlPart("EVAL", body);
    const namespace = isControlEmpty(body) ? undefined : this.#namespaceOf(body);
    const { session, evals } = this.#owner;
    const { pool, clock, observer, buffers } = this.#context;
    const now = clock();
    const own = owned ? body : buffers.copy(body);
    const added = new Eval(evals, { session, id }, own, flags, now);
    added.job = new Job<JobOwner>(this.#queue, added, namespace);
    this.#evals.add(added);
    observer.evalQueued?.({ session: this.#owner.id, eval: id, bytes: body.length });
    pool.scheduler.submit(added.job, now);
  }

  /** Reads what Python will read too, so that a mistake ends the session before it is queued. */
  #namespaceOf(body: Uint8Array): string | undefined {
    const control = new Control("EVAL", controlPart("EVAL", body));
    control.optional("strict", "boolean");
    const namespace = control.optional("namespace", "string");
    if (namespace === undefined) return undefined;
    if (this.#queue.namespaces.size >= MAX_NAMESPACES) {
      throw new Fault("LIMIT", `the session has more than ${MAX_NAMESPACES} namespaces`);
    }
    this.usesNamespaces = true;
    return namespace;
  }
}
