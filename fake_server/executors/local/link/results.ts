/**
 * The results of a Python process: which have been told, which it holds back (LINK.md, "Held
 * results"), and when its pipes may be left unread.
 *
 * @module
 */
import type { Frame } from "../../../../src/wire/frame.ts";
import { LOOK_MS, MAX_LOOK_MS, REST_JOBS } from "../../../common/limits.ts";
import { nextId, notAfter } from "../../job_ids.ts";
import type { Rest } from "../output/rest.ts";
import { heldFrames } from "./link.ts";
import type { Page } from "./page.ts";

/** What takes the results. */
export interface ResultTarget {
  /** A frame that was held back. As those of the link it is checked by {@linkcode Results.isNew}. */
  frame(frame: Frame): void;
  /** All results that came together have been told. */
  turn(): void;
  /** The frames that were held back break a rule of the link. */
  broken(error: unknown): void;
}

/** The results of one Python process. */
export class Results {
  readonly #page: Page;
  readonly #rest: Rest;
  readonly #target: ResultTarget;
  #jobs = 0;
  /** The job whose result was told last. */
  #lastTold = 0;
  /** Every result of this turn said READ. */
  #isAllRead = true;
  /** How often something has come on the link, now and at the last look. */
  #heard = 0;
  #lookedAt = 0;
  #lookMs = LOOK_MS;
  #look: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** Resolves when more has been told. */
  #told: PromiseWithResolvers<void> | undefined;

  /** For the process that has this page, and whose pipes have this rest. */
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
   * Whether a job's result is new: Python also sends results that were found in the page before.
   * `isRead` says whether the result has the flag READ.
   */
  isNew(job: number, isRead: boolean): boolean {
    if (notAfter(job, this.#lastTold)) return false;
    this.#lastTold = job;
    this.#jobs--;
    if (!isRead) this.#isAllRead = false;
    return true;
  }

  /** Part of a large result has come, so the process is not silent. */
  part(): void {
    this.#heard++;
  }

  /** All results that came together on the link have been told. */
  turn(): void {
    this.#heard++;
    this.#target.turn();
    this.#told?.resolve();
    this.#told = undefined;
    // If every result said READ, there is nothing in the pipes.
    if (!this.#isAllRead) this.#rest.end();
    this.#isAllRead = true;
    if (this.#jobs >= REST_JOBS) this.#rest.begin();
    if (this.#lookMs > LOOK_MS) {
      this.#stopLooking();
      this.#lookMs = LOOK_MS;
    }
    this.#lookLater();
  }

  /** Nothing more comes on the link. Results that are left are in the page. */
  end(): void {
    if (this.#isOver) return;
    this.#takeHeld();
    this.#isOver = true;
    this.#told?.resolve();
    this.#stopLooking();
  }

  /**
   * Call it after a read of the pipes, before the bytes are passed on. It waits until the results of
   * all jobs have been told that were over at that moment. Raw bytes belong to the first job that may
   * still write; of a silent job only its result says that it is over.
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
   * Looks at the page of a silent process: it may hold back results behind a long job, and the
   * output of that job has to be read.
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

  /** Tells the results that Python holds back. It sends them later as well, unless it dies. */
  #takeHeld(): void {
    const bytes = this.#page.held();
    if (bytes === undefined) return;
    try {
      for (const frame of heldFrames(bytes)) {
        // The results before it are still on the link.
        if (!notAfter(frame.id, nextId(this.#lastTold))) break;
        this.#target.frame(frame);
      }
      this.#target.turn();
    } catch (error) {
      this.#target.broken(error);
    }
  }
}
