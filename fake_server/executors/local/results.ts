/**
 * The results that a python process owes: which of them have been told, where those are that it holds
 * back (LINK.md, "Held results"), and when its pipes may be left unread.
 *
 * @module
 */
import type { Frame } from "../../../src/wire/frame.ts";
import { LOOK_MS, MAX_LOOK_MS, REST_JOBS } from "../../common/limits.ts";
import { nextId, notAfter } from "../job_ids.ts";
import { heldFrames } from "./link.ts";
import type { Page } from "./page.ts";
import type { Rest } from "./rest.ts";

/** What takes the results. */
export interface ResultTarget {
  /** A frame that was held back. It goes through {@linkcode Results.isNew} as those of the link do. */
  frame(frame: Frame): void;
  /** All that came together has been told. */
  turn(): void;
  /** What was held back breaks the rules of the link. */
  broken(error: unknown): void;
}

/** The results of one python process. */
export class Results {
  readonly #page: Page;
  readonly #rest: Rest;
  readonly #target: ResultTarget;
  #jobs = 0;
  /** The job whose result was told last. */
  #lastTold = 0;
  /** Each result that came together said READ. */
  #isAllRead = true;
  /** How often something has come on the link, and how often that was at the last look. */
  #heard = 0;
  #lookedAt = 0;
  #lookMs = LOOK_MS;
  #look: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** Resolves when more has been told. */
  #told: PromiseWithResolvers<void> | undefined;

  /** Those of a process that has this page, and whose pipes are read by loops that keep this rest. */
  constructor(page: Page, rest: Rest, target: ResultTarget) {
    this.#page = page;
    this.#rest = rest;
    this.#target = target;
  }

  /** Jobs that the process has been given and that have no result. */
  get jobs(): number {
    return this.#jobs;
  }

  /** The process has been given another job. */
  given(): void {
    this.#jobs++;
    this.#lookLater();
  }

  /**
   * Whether this is the first time that a job's result comes: python sends what was found in the
   * page as well. `isRead` is what the result says.
   */
  isNew(job: number, isRead: boolean): boolean {
    if (notAfter(job, this.#lastTold)) return false;
    this.#lastTold = job;
    this.#jobs--;
    if (!isRead) this.#isAllRead = false;
    return true;
  }

  /** All that came together on the link has been told. */
  turn(): void {
    this.#heard++;
    this.#target.turn();
    this.#told?.resolve();
    this.#told = undefined;
    // What says READ has left nothing in the pipes; else there is something to read.
    if (!this.#isAllRead) this.#rest.end();
    this.#isAllRead = true;
    if (this.#jobs >= REST_JOBS) this.#rest.begin();
    if (this.#lookMs > LOOK_MS) {
      this.#stopLooking();
      this.#lookMs = LOOK_MS;
    }
    this.#lookLater();
  }

  /** Nothing more comes on the link: what is left is in the page. Once is enough. */
  end(): void {
    if (this.#isOver) return;
    this.#takeHeld();
    this.#isOver = true;
    this.#told?.resolve();
    this.#stopLooking();
  }

  /**
   * To be called when the pipes have been read, before what came is given to anybody: waits until the
   * results of all jobs are told that were over by then. Raw bytes belong to the first job that may
   * still write, and of one that was silent only its result says that it is over.
   */
  async catchUp(): Promise<void> {
    if (this.#jobs < 2) return;
    const begun = this.#page.started();
    while (!this.#hasToldBefore(begun)) {
      this.#takeHeld();
      if (this.#hasToldBefore(begun)) return;
      this.#told ??= Promise.withResolvers<void>();
      await this.#told.promise;
    }
  }

  #hasToldBefore(job: number): boolean {
    return this.#isOver || notAfter(job, nextId(this.#lastTold));
  }

  /**
   * Looks after a process that is silent: results may be held back behind a job that takes long, and
   * what it writes is to be read.
   */
  #lookLater(): void {
    if (this.#look !== undefined || this.#isOver) return;
    if (this.#jobs < 2 && !this.#rest.isOn) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (this.#heard === this.#lookedAt) {
        this.#lookMs = Math.min(2 * this.#lookMs, MAX_LOOK_MS);
        this.#rest.end();
        this.#takeHeld();
      }
      this.#lookedAt = this.#heard;
      this.#lookLater();
    }, this.#lookMs);
  }

  #stopLooking(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
  }

  /** Tells the results that python holds back. It sends them as well, unless it is dead. */
  #takeHeld(): void {
    const bytes = this.#page.held();
    if (bytes === undefined) return;
    try {
      for (const frame of heldFrames(bytes)) {
        // What comes before it is on the link still.
        if (!notAfter(frame.id, nextId(this.#lastTold))) break;
        this.#target.frame(frame);
      }
      this.#target.turn();
    } catch (error) {
      this.#target.broken(error);
    }
  }
}
