import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { MAX_HAND_OVERS, MAX_JOBS_AHEAD } from "../../../fake_server/common/limits.ts";
import { notAfter } from "../../../fake_server/executors/job_ids.ts";
import { Job, type Outcome, type Queue } from "../../../fake_server/scheduling/job.ts";
import { Scheduler } from "../../../fake_server/scheduling/scheduler.ts";

const GRACE_MS = 2_000;
const DIED = { exit_code: 7 };

/** A scheduler whose effects are written down as text. */
class Bench {
  now = 0;
  readonly log: string[] = [];
  readonly scheduler: Scheduler<string>;
  /** Jobs that each slot's process has been given and not answered. */
  readonly processes: Job<string>[][];
  /** What a slot's process says that it runs. */
  running = (slot: number): number => this.processes[slot]![0]?.id ?? 0;

  constructor(slots = 1) {
    this.processes = Array.from({ length: slots }, () => []);
    this.scheduler = new Scheduler<string>(slots, GRACE_MS, {
      handOver: (slot, job) => {
        this.processes[slot]!.push(job);
        this.log.push(`run ${job.payload}`);
      },
      cancel: (_, job) => this.log.push(`cancel ${job.payload}`),
      running: (slot) => this.running(slot),
      interrupt: (_, job) => this.log.push(`interrupt ${job.payload}`),
      remind: () => this.log.push("remind"),
      kill: (slot) => this.log.push(`kill ${slot}`),
      settle: (job, outcome) => this.log.push(`${job.payload} ${outcomeText(outcome)}`),
    });
  }

  submit(queue: Queue<string>, name: string, namespace?: string): Job<string> {
    const job = new Job(queue, name, namespace);
    this.scheduler.submit(job, this.now);
    return job;
  }

  /** The slot's process answers its first `count` jobs, after `ms`. */
  answer(slot = 0, count = 1, ms = 0, begun = true): void {
    this.now += ms;
    for (const job of this.processes[slot]!.splice(0, count)) {
      assertEquals(this.scheduler.finished(slot, job.id, begun), job);
    }
    this.scheduler.proceed(slot, this.now);
  }

  /** The slot's process dies, having begun its first `begun` jobs, and is replaced. */
  die(slot = 0, begun = 1): void {
    const jobs = this.processes[slot]!.splice(0);
    this.scheduler.died(slot, begun === 0 ? 0 : jobs[begun - 1]!.id, DIED);
    this.scheduler.ready(slot, this.now);
  }

  /** What has been written down since the last call. */
  said(): string[] {
    return this.log.splice(0);
  }
}

function outcomeText(outcome: Outcome): string {
  return outcome.kind === "cancelled" ? `cancelled ${outcome.how}` : outcome.kind;
}

/** A bench whose process is known to be quick, so that jobs are handed over ahead. */
function quickBench(): Bench {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  for (let i = 0; i < 20; i++) {
    bench.submit(queue, "warm");
    bench.answer(0, 1, 0.001);
  }
  // Two together: the next is not taken for a lone one.
  bench.scheduler.pause(queue);
  bench.submit(queue, "warm");
  bench.submit(queue, "warm");
  bench.scheduler.resume(queue, 0);
  bench.answer(0, 2, 0.001);
  bench.submit(queue, "warm");
  bench.submit(queue, "warm");
  bench.answer(0, 2, 0.001);
  bench.scheduler.close(queue, 0);
  bench.said();
  return bench;
}

Deno.test("Scheduler pins a session to the slot with the fewest sessions, then jobs", () => {
  const bench = new Bench(3);
  for (const slot of [0, 1, 2]) bench.scheduler.ready(slot, 0);
  const queues = [0, 1, 2, 0].map((slot) => {
    const queue = bench.scheduler.open();
    assertEquals(queue.slot, slot);
    return queue;
  });
  bench.submit(queues[1]!, "a");
  assertEquals(bench.scheduler.open().slot, 2);
  bench.scheduler.close(queues[0]!, 0);
  bench.scheduler.close(queues[3]!, 0);
  assertEquals(bench.scheduler.open().slot, 0);
});

Deno.test("Scheduler hands a slow session's evals over one at a time, in order", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  for (const name of ["a", "b", "c"]) bench.submit(queue, name);
  assertEquals(bench.said(), ["run a"]);
  bench.answer(0, 1, 10);
  assertEquals(bench.said(), ["run b"]);
  bench.answer(0, 1, 10);
  assertEquals(bench.said(), ["run c"]);
});

Deno.test("Scheduler hands quick evals over ahead, up to a number", () => {
  const bench = quickBench();
  const queue = bench.scheduler.open();
  for (let i = 0; i < 200; i++) bench.submit(queue, "job");
  assertEquals(bench.said().length, MAX_JOBS_AHEAD);
  bench.answer(0, MAX_JOBS_AHEAD, 0.1);
  assertEquals(bench.said().length, MAX_JOBS_AHEAD);
});

Deno.test("Scheduler promises a lone eval after lone ones that it stays alone, and keeps that", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  const alone: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    alone.push(bench.submit(queue, "lone").isAlone);
    bench.answer(0, 1, 0.001);
  }
  assertEquals(alone, [false, false, true, true]);
  bench.said();
  bench.submit(queue, "lone");
  bench.submit(queue, "a");
  bench.submit(queue, "b");
  assertEquals(bench.said(), ["run lone"]);
  bench.answer(0, 1, 0.001);
  assertEquals(bench.said(), ["run a", "run b"]);
  assertEquals(bench.processes[0]!.map(({ isAlone }) => isAlone), [false, false]);
});

Deno.test("Scheduler trusts a quick result little by little", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  for (let i = 0; i < 100; i++) bench.submit(queue, "job");
  for (const count of [1, 2, 4, 8]) {
    assertEquals(bench.processes[0]!.length, count);
    bench.answer(0, count, 0.001);
  }
});

Deno.test("Scheduler measures results that come together as one", () => {
  const bench = quickBench();
  const queue = bench.scheduler.open();
  for (let i = 0; i < 2_000; i++) bench.submit(queue, "job");
  // 0.25 ms each: four are 1 ms of work.
  while (bench.processes[0]!.length > 0 && bench.scheduler.jobs > 20) {
    bench.answer(0, bench.processes[0]!.length, bench.processes[0]!.length / 4);
  }
  assertEquals(bench.processes[0]!.length, 4);
});

Deno.test("Scheduler goes on handing over ahead after one slow eval, and not after many", () => {
  const bench = quickBench();
  const queue = bench.scheduler.open();
  for (let i = 0; i < 500; i++) bench.submit(queue, "job");
  bench.answer(0, 1, 100);
  assertEquals(bench.processes[0]!.length, MAX_JOBS_AHEAD);
  for (let i = 0; i < 100; i++) bench.answer(0, 1, 100);
  assertEquals(bench.processes[0]!.length, 1);
});

Deno.test("Scheduler lets one eval of B wait two rounds at most behind A's thousand", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const a = bench.scheduler.open();
  const b = bench.scheduler.open();
  for (let i = 0; i < 1_000; i++) bench.submit(a, "a");
  bench.answer(0, 1, 10);
  bench.said();
  bench.submit(b, "b");
  let rounds = 0;
  while (!bench.log.includes("run b")) {
    bench.answer(0, 1, 10);
    rounds++;
  }
  assertLessOrEqual(rounds, 2);
});

Deno.test("Scheduler drops a waiting eval at once when it is cancelled", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "a");
  const b = bench.submit(queue, "b");
  bench.submit(queue, "c");
  bench.said();
  bench.scheduler.cancel(b, 0);
  bench.scheduler.cancel(b, 0);
  assertEquals(bench.said(), ["b cancelled queued"]);
  bench.answer(0, 1, 10);
  assertEquals(bench.said(), ["run c"]);
});

Deno.test("Scheduler interrupts a running eval, reminds it, and kills after the grace", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  const a = bench.submit(queue, "a");
  bench.submit(queue, "b");
  bench.said();
  bench.scheduler.cancel(a, 100);
  bench.scheduler.tick(100 + GRACE_MS - 1);
  assertEquals(bench.said(), ["cancel a", "remind"]);
  bench.scheduler.tick(100 + GRACE_MS);
  bench.scheduler.tick(100 + 3 * GRACE_MS);
  assertEquals(bench.said(), ["kill 0"]);
  bench.die();
  assertEquals(bench.said(), ["a cancelled killed", "run b"]);
});

Deno.test("Scheduler kills nobody when the interrupted eval ends within its grace", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  const a = bench.submit(queue, "a");
  bench.submit(queue, "b");
  bench.scheduler.cancel(a, 0);
  bench.answer(0, 1, 10);
  bench.scheduler.tick(100 * GRACE_MS);
  assertEquals(bench.said(), ["run a", "cancel a", "run b"]);
});

Deno.test("Scheduler counts the grace from when it is the cancelled eval's turn", () => {
  const bench = quickBench();
  const queue = bench.scheduler.open();
  bench.submit(queue, "a");
  const b = bench.submit(queue, "b");
  bench.said();
  bench.scheduler.cancel(b, bench.now);
  bench.scheduler.tick(bench.now + 10 * GRACE_MS);
  assertEquals(bench.said(), ["cancel b"]);
  bench.answer(0, 1, 10 * GRACE_MS);
  bench.scheduler.tick(bench.now + GRACE_MS - 1);
  assertEquals(bench.said(), ["remind"]);
  bench.scheduler.tick(bench.now + GRACE_MS);
  assertEquals(bench.said(), ["kill 0"]);
});

Deno.test("Scheduler loses what a dead process had begun and runs the rest on its replacement", () => {
  const bench = quickBench();
  const a = bench.scheduler.open();
  const b = bench.scheduler.open();
  for (const name of ["a1", "a2", "a3"]) bench.submit(a, name);
  const cancelled = bench.submit(b, "b1");
  bench.submit(b, "b2");
  bench.scheduler.cancel(cancelled, bench.now);
  bench.said();
  bench.die(0, 1);
  // A new process has not been measured: one at a time.
  assertEquals(bench.said(), ["b1 cancelled queued", "a1 died", "run a2"]);
  bench.answer(0, 1, 10);
  bench.answer(0, 1, 10);
  assertEquals(bench.said().toSorted(), ["run a3", "run b2"]);
});

Deno.test("Scheduler loses nothing when a process dies that had begun nothing", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "a");
  bench.die(0, 0);
  assertEquals(bench.said(), ["run a", "run a"]);
});

Deno.test("Scheduler gives up an eval that no process lives to begin", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "a");
  bench.submit(queue, "b");
  for (let i = 0; i < MAX_HAND_OVERS; i++) bench.die(0, 0);
  assertEquals(bench.said(), [...Array(MAX_HAND_OVERS).fill("run a"), "a died", "run b"]);
});

Deno.test("Scheduler says once that a namespace is gone, then starts it afresh", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "a", "n");
  bench.answer(0, 1, 10);
  bench.submit(queue, "b", "n");
  bench.answer(0, 1, 10);
  bench.submit(queue, "crash");
  bench.submit(queue, "c", "n");
  bench.submit(queue, "other", "m");
  bench.said();
  bench.die();
  assertEquals(bench.said(), ["crash died", "c namespace_gone", "run other"]);
  bench.answer(0, 1, 10);
  bench.submit(queue, "d", "n");
  bench.answer(0, 1, 10);
  bench.submit(queue, "e", "n");
  assertEquals(bench.said(), ["run d", "run e"]);
});

Deno.test("Scheduler takes the namespace of the eval that died for gone, not of one skipped", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "skipped", "m");
  bench.answer(0, 1, 10, false);
  bench.submit(queue, "a", "n");
  bench.submit(queue, "b", "n");
  bench.submit(queue, "c", "m");
  bench.said();
  bench.die();
  assertEquals(bench.said(), ["a died", "b namespace_gone", "run c"]);
});

Deno.test("Scheduler stops all that a closed session has", () => {
  const bench = quickBench();
  const a = bench.scheduler.open();
  const b = bench.scheduler.open();
  bench.submit(a, "a1");
  bench.submit(b, "b1");
  bench.submit(a, "a2");
  for (let i = 0; i < MAX_JOBS_AHEAD; i++) bench.submit(a, "more");
  bench.said();
  bench.scheduler.close(a, bench.now);
  bench.scheduler.close(a, bench.now);
  const said = bench.said();
  assertEquals(said.filter((text) => text === "cancel a1" || text === "cancel a2").length, 2);
  assertEquals(said.filter((text) => text.includes("b1")), []);
  assert(said.includes("more cancelled queued"));
});

Deno.test("Scheduler hands nothing over of a paused queue, and goes on when it is resumed", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const a = bench.scheduler.open();
  const b = bench.scheduler.open();
  bench.submit(a, "a1");
  const a2 = bench.submit(a, "a2");
  bench.submit(b, "b1");
  bench.scheduler.pause(a);
  bench.submit(a, "a3");
  bench.answer(0, 1, 10);
  bench.answer(0, 1, 10);
  bench.scheduler.cancel(a2, 0);
  assertEquals(bench.said(), ["run a1", "run b1", "a2 cancelled queued"]);
  bench.scheduler.resume(a, bench.now);
  assertEquals(bench.said(), ["run a3"]);
  bench.scheduler.pause(a);
  bench.die(0, 0);
  assertEquals(bench.said(), []);
  bench.scheduler.resume(a, bench.now);
  assertEquals(bench.said(), ["run a3"]);
});

Deno.test("Scheduler refuses a result for what the process is not running", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  assertEquals(bench.scheduler.finished(0, 1, true), undefined);
  const queue = bench.scheduler.open();
  const job = bench.submit(queue, "a");
  assertEquals(bench.scheduler.finished(0, job.id + 1, true), undefined);
  assertEquals(bench.scheduler.finished(0, job.id, true), job);
});

Deno.test("notAfter() orders ids across the end of u32", () => {
  assertEquals(notAfter(1, 1), true);
  assertEquals(notAfter(1, 2), true);
  assertEquals(notAfter(2, 1), false);
  assertEquals(notAfter(0xffff_ffff, 1), true);
  assertEquals(notAfter(1, 0xffff_ffff), false);
});

/** A small generator that a seed replays. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

Deno.test("Scheduler interrupts the queue's job that runs, each time, and no other", () => {
  const bench = quickBench();
  const [one, two] = [bench.scheduler.open(), bench.scheduler.open()];
  bench.submit(one, "a");
  bench.submit(two, "b");
  bench.submit(one, "c");
  assertEquals(bench.said(), ["run a", "run b", "run c"]);
  assertEquals(bench.scheduler.interrupt(two, 0), undefined);
  assertEquals(bench.scheduler.interrupt(one, 0)?.payload, "a");
  assertEquals(bench.scheduler.interrupt(one, 0)?.payload, "a");
  assertEquals(bench.said(), ["interrupt a", "interrupt a"]);
  // Its result is on the way, and the next runs already: the server has not seen that.
  const b = bench.processes[0]![1]!.id;
  bench.running = () => b;
  assertEquals(bench.scheduler.interrupt(one, 0), undefined);
  assertEquals(bench.scheduler.interrupt(two, 0)?.payload, "b");
  bench.running = () => 0;
  assertEquals(bench.scheduler.interrupt(two, 0), undefined);
  assertEquals(bench.said(), ["interrupt b"]);
});

Deno.test("Scheduler reminds an interrupted job for a while, and never kills for it", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  const a = bench.submit(queue, "a");
  bench.submit(queue, "b");
  bench.scheduler.interrupt(queue, 100);
  assertEquals(bench.said(), ["run a", "interrupt a"]);
  bench.scheduler.tick(100 + GRACE_MS - 1);
  assertEquals(bench.said(), ["remind"]);
  bench.scheduler.tick(100 + GRACE_MS);
  bench.scheduler.tick(1e6);
  assertEquals(bench.said(), []);
  // A cancel's ladder is not put off by it.
  bench.scheduler.cancel(a, 1e6);
  bench.scheduler.interrupt(queue, 1e6 + GRACE_MS - 1);
  bench.scheduler.tick(1e6 + GRACE_MS);
  assertEquals(bench.said(), ["cancel a", "interrupt a", "kill 0"]);
});

Deno.test("Scheduler does not remind the job after an interrupted one", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  bench.submit(queue, "a");
  bench.submit(queue, "b");
  bench.scheduler.interrupt(queue, 0);
  bench.answer(0, 1, 10);
  bench.said();
  bench.scheduler.tick(20);
  assertEquals(bench.said(), []);
});

Deno.test("Scheduler settles every eval exactly once in random schedules", () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const pick = random(seed);
    const bench = new Bench(2);
    const queues: Queue<string>[] = [];
    const jobs: Job<string>[] = [];
    const settled = new Map<Job<string>, number>();
    const settle = (job: Job<string>): void => void settled.set(job, (settled.get(job) ?? 0) + 1);
    const scheduler = new Scheduler<string>(2, GRACE_MS, {
      handOver: (slot, job) => void bench.processes[slot]!.push(job),
      cancel: () => {},
      running: () => 0,
      interrupt: () => {},
      remind: () => {},
      kill: (slot) => die(slot, 1),
      settle,
    });
    const live = [false, false];
    const die = (slot: number, begun: number): void => {
      const had = bench.processes[slot]!.splice(0);
      live[slot] = false;
      scheduler.died(slot, had[begun - 1]?.id ?? 0, DIED);
    };
    let now = 0;
    for (let step = 0; step < 100; step++) {
      now += pick(3) / 10;
      const slot = pick(2);
      const process = bench.processes[slot]!;
      const queue = queues[pick(queues.length)];
      switch (pick(9)) {
        case 0:
          queues.push(scheduler.open());
          break;
        case 1:
        case 2:
        case 3:
          if (queue === undefined || queue.closed) break;
          jobs.push(new Job(queue, "job", pick(3) === 0 ? "n" : undefined));
          scheduler.submit(jobs.at(-1)!, now);
          break;
        case 4:
          if (jobs.length > 0) scheduler.cancel(jobs[pick(jobs.length)]!, now);
          break;
        case 5:
          for (const job of process.splice(0, pick(process.length + 1))) {
            settle(scheduler.finished(slot, job.id, true)!);
          }
          if (live[slot]) scheduler.proceed(slot, now);
          break;
        case 6:
          if (!live[slot]) {
            live[slot] = true;
            scheduler.ready(slot, now);
          } else if (pick(3) === 0) die(slot, pick(process.length + 1));
          break;
        case 7:
          if (queue !== undefined && pick(4) === 0) scheduler.close(queue, now);
          scheduler.tick(now += pick(2) * GRACE_MS);
          break;
        case 8:
          if (queue?.paused) scheduler.resume(queue, now);
          else if (queue !== undefined) scheduler.pause(queue);
          break;
      }
    }
    for (const queue of queues) scheduler.close(queue, now);
    for (const slot of [0, 1]) if (live[slot]) die(slot, bench.processes[slot]!.length);
    const counts = jobs.map((job) => settled.get(job) ?? 0);
    assert(counts.every((count) => count === 1), `seed ${seed}: settled ${counts}`);
    assertEquals(scheduler.jobs, 0, `seed ${seed}`);
  }
});

Deno.test("current() is the job that the process says to run, and since when it can have", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const queue = bench.scheduler.open();
  assertEquals(bench.scheduler.current(0, 5), undefined);
  bench.now = 10;
  const first = bench.submit(queue, "first");
  const second = bench.submit(queue, "second");
  bench.now = 40;
  assertEquals(bench.scheduler.current(0, 40), { job: first, ms: 30 });
  bench.answer(0, 1, 60);
  assertEquals(bench.scheduler.current(0, 250), { job: second, ms: 150 });
  bench.running = () => 0; // it has it, and has not begun
  assertEquals(bench.scheduler.current(0, 250), undefined);
});

Deno.test("load() tells a queue of its own jobs, and of what its process has to do for all", () => {
  const bench = new Bench();
  bench.scheduler.ready(0, 0);
  const [a, b] = [bench.scheduler.open(), bench.scheduler.open()];
  const idle = { running: undefined, queued: 0, evals: 0, sessions: 2 };
  assertEquals(bench.scheduler.load(a, 0), idle);
  const running = bench.submit(a, "a1");
  for (const name of ["a2", "a3"]) bench.submit(a, name);
  bench.submit(b, "b1");
  assertEquals(bench.scheduler.load(a, 0), { running, queued: 2, evals: 4, sessions: 2 });
  assertEquals(bench.scheduler.load(b, 0), { ...idle, queued: 1, evals: 4 });
});
