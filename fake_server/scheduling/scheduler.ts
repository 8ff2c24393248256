/**
 * Decides which job runs where and when: M sessions over N Python processes. It does no IO: callers
 * pass the time in, and what has to be done goes out through {@linkcode Effects}.
 *
 * A session has a {@linkcode Queue}, pinned to one slot; a slot is the place of one Python process,
 * which is replaced when it dies. A {@linkcode Job} waits in its queue, is handed over to the slot's
 * process (a few ahead of need), and is over exactly once: either `finished` gives it back because
 * its result has come, or the effect `settle` says what became of it.
 *
 * @module
 */
import type { Exit } from "../common/exit.ts";
import { LONE_JOBS, MAX_HAND_OVERS } from "../common/limits.ts";
import { nextId, notAfter } from "../executors/job_ids.ts";
import type { Effects, Load } from "./effects.ts";
import { type Job, type Outcome, Queue } from "./job.ts";
import { isGone, remember } from "./namespaces.ts";
import { measure } from "./pace.ts";
import { loadOf, newSlotJobs, remove, type SlotJobs } from "./slot_jobs.ts";

/** The scheduler. Every method that takes `now` wants milliseconds of one monotonic clock. */
export class Scheduler<T> {
  readonly #effects: Effects<T>;
  readonly #graceMs: number;
  readonly #slots: SlotJobs<T>[];

  /** Makes one with `slots` slots, none of which has a process yet. */
  constructor(slots: number, graceMs: number, effects: Effects<T>) {
    this.#effects = effects;
    this.#graceMs = graceMs;
    this.#slots = Array.from({ length: slots }, () => newSlotJobs("no"));
  }

  /** Jobs that are not over. */
  get jobs(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.jobs, 0);
  }

  /** A queue for a new session, in the slot with the fewest sessions, then the fewest jobs. */
  open(): Queue<T> {
    let best = 0;
    for (let i = 1; i < this.#slots.length; i++) {
      const a = this.#slots[i]!;
      const b = this.#slots[best]!;
      if (a.own !== "no") continue;
      if (a.queues < b.queues || (a.queues === b.queues && a.jobs < b.jobs)) best = i;
    }
    this.#slots[best]!.queues++;
    return new Queue(best);
  }

  /** A queue for a new session, in a slot of its own that has no process yet. */
  openOwn(): Queue<T> {
    let index = this.#slots.findIndex(({ own }) => own === "free");
    if (index < 0) index = this.#slots.push(newSlotJobs("free")) - 1;
    const slot = this.#slots[index]!;
    slot.own = "taken";
    slot.queues++;
    return new Queue(index);
  }

  /** The process of a one-session slot has ended, and the slot gets no other. */
  freeOwn(index: number): void {
    this.#slots[index]!.own = "free";
  }

  /**
   * Cancels all jobs of the queue. It takes no others from now on.
   *
   * @param last A job to run after all of them.
   */
  close(queue: Queue<T>, now: number, last?: Job<T>): void {
    if (queue.closed) return;
    queue.closed = true;
    const slot = this.#slots[queue.slot]!;
    slot.queues--;
    for (const job of [...queue.waiting]) this.cancel(job, now);
    for (const job of [...slot.handed]) if (job.queue === queue) this.cancel(job, now);
    queue.namespaces.clear();
    this.resume(queue, now);
    if (last !== undefined) this.submit(last, now);
  }

  /** Stops handing over jobs of this queue. */
  pause(queue: Queue<T>): void {
    if (queue.paused) return;
    queue.paused = true;
    remove(this.#slots[queue.slot]!.round, queue);
  }

  /** Hands over jobs of a paused queue again. */
  resume(queue: Queue<T>, now: number): void {
    if (!queue.paused) return;
    queue.paused = false;
    const slot = this.#slots[queue.slot]!;
    if (queue.waiting.length > 0) slot.round.push(queue);
    this.#fill(slot, now);
  }

  /** Puts a new job at the end of its queue. */
  submit(job: Job<T>, now: number): void {
    const queue = job.queue;
    const slot = this.#slots[queue.slot]!;
    job.state = "waiting";
    slot.jobs++;
    queue.waiting.push(job);
    if (queue.waiting.length === 1 && !queue.paused) slot.round.push(queue);
    this.#fill(slot, now);
  }

  /** Stops a job: at once if it waits, else by the ladder of interrupt, grace and kill. */
  cancel(job: Job<T>, now: number): void {
    if (job.cancelled || job.state === "over") return;
    job.cancelled = true;
    const queue = job.queue;
    const slot = this.#slots[queue.slot]!;
    if (job.state === "waiting") {
      remove(queue.waiting, job);
      if (queue.waiting.length === 0) remove(slot.round, queue);
      this.#settle(slot, job, { kind: "cancelled", how: "queued" });
    } else {
      this.#effects.cancel(queue.slot, job);
      this.#watch(slot, now);
    }
  }

  /**
   * Raises KeyboardInterrupt in the running job, if it is one of this queue.
   *
   * @returns The job; undefined if no job of this queue runs.
   */
  interrupt(queue: Queue<T>, now: number): Job<T> | undefined {
    const slot = this.#slots[queue.slot]!;
    const running = this.#effects.running(queue.slot);
    const job = slot.handed.find(({ id }) => id === running);
    if (job?.queue !== queue) return undefined;
    slot.remindUntil = now + this.#graceMs;
    this.#effects.interrupt(queue.slot, job);
    return job;
  }

  /**
   * The job whose code the slot's process runs, and for how many milliseconds it has: since the
   * previous result came, or since it was handed over.
   */
  current(index: number, now: number): { job: Job<T>; ms: number } | undefined {
    const slot = this.#slots[index]!;
    const running = this.#effects.running(index);
    const job = slot.handed.find(({ id }) => id === running);
    return job === undefined ? undefined : { job, ms: Math.round(now - slot.measuredAt) };
  }

  /** How busy the queue's slot is, and how much of that is this queue's. */
  load(queue: Queue<T>, now: number): Load<T> {
    return loadOf(this.#slots[queue.slot]!, queue, this.current(queue.slot, now)?.job);
  }

  /** The slot has a process that takes jobs. */
  ready(index: number, now: number): void {
    const slot = this.#slots[index]!;
    slot.live = true;
    slot.generation++;
    slot.lastId = 0;
    slot.jobMs = undefined;
    slot.ahead = 1;
    slot.lone = 0;
    this.#fill(slot, now);
  }

  /**
   * A result has come for the job `id`; `begun` says whether any of its code has run. Call
   * {@linkcode proceed} after the last one that came together.
   *
   * @returns The job, now over; undefined if the process was not given that id.
   */
  finished(index: number, id: number, begun: boolean): Job<T> | undefined {
    const slot = this.#slots[index]!;
    const job = slot.handed[0];
    if (job === undefined || job.id !== id) return undefined;
    slot.handed.shift();
    slot.finishedSince++;
    slot.killAt = undefined;
    slot.remindUntil = 0;
    slot.lone = slot.handed.length === 0 && slot.round.length === 0 ? slot.lone + 1 : 0;
    if (begun) remember(job, slot.generation);
    job.state = "over";
    slot.jobs--;
    return job;
  }

  /** The first job that the slot's process has: the one that runs, if any does. */
  head(index: number): Job<T> | undefined {
    return this.#slots[index]!.handed[0];
  }

  /**
   * Goes on after results.
   *
   * @param tookMs How long their jobs took, as the process says; else the time since the last results.
   */
  proceed(index: number, now: number, tookMs?: number): void {
    const slot = this.#slots[index]!;
    measure(slot, now, tookMs);
    this.#watch(slot, now);
    this.#fill(slot, now);
  }

  /**
   * The slot's process is dead, and all that it had sent has been handled. Jobs that it had begun are
   * over; the others go back to the front of their queues.
   *
   * @param started The id of the job begun last, 0 if none was.
   */
  died(index: number, started: number, exit: Exit): void {
    const slot = this.#slots[index]!;
    const { handed, killedFor } = slot;
    slot.live = false;
    slot.handed = [];
    slot.killAt = slot.killedFor = undefined;
    slot.remindUntil = 0;
    const first = handed[0];
    for (const job of handed.toReversed()) {
      const begun = started !== 0 && notAfter(job.id, started);
      const hopeless = job === first && job.handOvers >= MAX_HAND_OVERS;
      if (begun || hopeless) {
        if (begun) remember(job, slot.generation);
        this.#settle(
          slot,
          job,
          job === killedFor ? { kind: "cancelled", how: "killed" } : { kind: "died", exit },
        );
      } else if (job.cancelled) {
        this.#settle(slot, job, { kind: "cancelled", how: "queued" });
      } else {
        const queue = job.queue;
        job.state = "waiting";
        queue.waiting.unshift(job);
        if (queue.waiting.length === 1 && !queue.paused) slot.round.unshift(queue);
      }
    }
  }

  /**
   * Sends the signal again where a cancelled or interrupted job still runs, and ends the process of a
   * cancelled job after the grace.
   */
  tick(now: number): void {
    this.#slots.forEach((slot, index) => {
      const head = slot.handed[0];
      if (head?.limitMs !== undefined && now - slot.measuredAt >= head.limitMs) {
        this.cancel(head, now);
      }
      const isKill = slot.killAt !== undefined && now >= slot.killAt;
      if (!isKill) {
        if (slot.killAt !== undefined || now < slot.remindUntil) this.#effects.remind(index);
        return;
      }
      slot.killAt = undefined;
      slot.killedFor = slot.handed[0];
      this.#effects.kill(index);
    });
  }

  /** The grace of a cancelled job begins with its turn: until then Python would skip the job. */
  #watch(slot: SlotJobs<T>, now: number): void {
    if (slot.killAt !== undefined || slot.killedFor !== undefined) return;
    if (slot.handed[0]?.cancelled) slot.killAt = now + this.#graceMs;
  }

  #fill(slot: SlotJobs<T>, now: number): void {
    if (!slot.live) return;
    // The process was promised that this job is alone. Another would wait behind it anyway.
    if (slot.handed[0]?.isAlone) return;
    while (slot.handed.length < slot.ahead && slot.round.length > 0) {
      const queue = slot.round.shift()!;
      const job = queue.waiting.shift()!;
      if (queue.waiting.length > 0) slot.round.push(queue);
      if (isGone(job, slot.generation)) {
        queue.namespaces.delete(job.namespace!);
        this.#settle(slot, job, { kind: "namespace_gone", namespace: job.namespace! });
        continue;
      }
      if (slot.handed.length === 0) slot.measuredAt = now;
      job.state = "handed";
      job.id = slot.lastId = nextId(slot.lastId);
      job.handOvers++;
      const isLone = slot.handed.length === 0 && slot.round.length === 0;
      job.isAlone = isLone && slot.lone >= LONE_JOBS;
      slot.handed.push(job);
      this.#effects.handOver(queue.slot, job);
    }
  }

  #settle(slot: SlotJobs<T>, job: Job<T>, outcome: Outcome): void {
    job.state = "over";
    slot.jobs--;
    this.#effects.settle(job, outcome);
  }
}
