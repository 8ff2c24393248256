/**
 * One random schedule: operations of users and of fate, and between them the steps of everything
 * that is under way, each in an order that real streams, threads and processes may take.
 *
 * @module
 */
import { QueueFullError } from "../../../mod.ts";
import type { CalledEval, FakeClient } from "./client.ts";
import { must } from "./model.ts";
import { Random } from "./random.ts";
import { World } from "./world.ts";

/** What a schedule came to. */
export interface Report {
  seed: number;
  /** What was done, in order. */
  operations: string[];
  /** How often what has happened. */
  counts: Record<string, number>;
  /** What went wrong, if anything did. */
  violation: Error | undefined;
}

/** A half-open session is noticed by then: 10 s to the ping, 20 s for the answer, the ticks. */
const NOTICED_MS = 31_500;

/** Runs the schedule of a seed. */
export async function runSchedule(seed: number, operations: number): Promise<Report> {
  const random = new Random(seed);
  using world = new World(random, random.between(1, 3));
  const schedule = new Schedule(world);
  try {
    await schedule.run(operations);
  } catch (error) {
    world.violated(error);
  }
  const { model: { counts }, violation } = world;
  return { seed, operations: schedule.operations, counts, violation };
}

class Schedule {
  /** What has been done. */
  readonly operations: string[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #kinds: { weight: number; run: () => void | Promise<void> }[];

  constructor(world: World) {
    this.#world = world;
    const random = this.#random = world.random;
    // Each schedule leaves out some kinds, or the frequent would hide the rare.
    const kind = (weight: number, run: () => void | Promise<void>) => ({
      weight: random.chance(0.25) ? 0 : weight,
      run,
    });
    this.#kinds = [
      { weight: 30, run: () => this.#eval(1) },
      kind(3, () => this.#eval(random.pick([2, 5, 15, 60]))),
      kind(10, () => this.#cancel()),
      kind(3, () => this.#abort()),
      kind(6, () => this.#interrupt()),
      kind(8, () => this.#read()),
      kind(8, () => this.#wait(random.pick([1, 10, 100, 400, 2_500]))),
      kind(1, () => this.#wait(random.pick([12_000, 45_000, 70_000]))),
      kind(3, () => this.#kill()),
      kind(1, () => this.#noStart()),
      kind(1, () => this.#close(false)),
      kind(1, () => this.#close(true)),
      kind(1, () => this.#cut()),
      kind(1, () => this.#swallow()),
      kind(0.5, () => this.#crash()),
      kind(0.7, () => this.#goodbye()),
      kind(3, () => this.#open()),
    ];
  }

  async run(operations: number): Promise<void> {
    const world = this.#world;
    for (let i = this.#random.between(1, 3); i > 0; i--) this.#open();
    for (let i = 0; i < operations && world.violation === undefined; i++) {
      const steps = this.#random.pick([0, 1, 3, 10, 30]);
      for (let step = 0; step < steps; step++) await world.step();
      await this.#random.weighted(this.#kinds).run();
      await world.turn();
    }
    await this.#finish();
  }

  /** All that is under way comes to its end, and nothing is left. */
  async #finish(): Promise<void> {
    this.#note("finish");
    for (const client of this.#world.clients) {
      for (const called of client.pending) {
        if (called.model.plan.some((word) => word === "l" || word === "s")) this.#stop(called);
      }
    }
    await this.#world.until(
      "every eval has an outcome",
      () =>
        this.#world.clients.every((client) =>
          client.pending.length === 0 && client.answered === client.asked
        ),
    );
    await this.#world.until(
      "faulty sessions have ended",
      () =>
        this.#world.clients.every((client) =>
          client.fault === undefined || client.end !== undefined
        ),
    );
    // Who is left can go on.
    const last = this.#world.clients.filter((client) => client.isOpen).map((client) =>
      client.eval(["p9"])
    );
    await this.#world.until(
      "a last eval has its outcome",
      () => last.every(({ outcome }) => outcome),
    );
    await this.#world.until(
      "output that is read has ended",
      () =>
        this.#world.clients.every((client) =>
          client.fault !== undefined || client.end !== undefined ||
          client.evals.every(({ read, readToEnd }) => read === undefined || readToEnd)
        ),
    );
    for (const client of this.#world.clients) {
      if (client.end === undefined && client.closing === "no") {
        this.#world.watch(client.close(this.#random.chance(0.3)));
      }
    }
    await this.#world.until(
      "every session has ended",
      () => this.#world.clients.every(({ end, reading }) => end !== undefined && reading === 0),
    );
    await this.#world.until(
      "the server knows of none",
      () =>
        this.#world.server.sessions.size === 0 && this.#world.server.connections.size === 0 &&
        this.#world.server.scheduler.jobs === 0,
    );
    let isClosed = false;
    this.#world.watch(this.#world.server.close().then(() => isClosed = true));
    await this.#world.until("the server is closed", () => isClosed);
    this.#checkEnd();
  }

  #checkEnd(): void {
    for (const client of this.#world.clients) {
      must(client.thread.pending === 0, () => `${client.thread.pending} evals are pending`);
      for (const { outcome, model } of client.evals) {
        must(outcome !== undefined, () => `eval ${model.marker} has no outcome`);
      }
      const { swallowedAt, endedAt, name } = client;
      if (swallowedAt === undefined) continue;
      const after = endedAt! - swallowedAt;
      must(after <= NOTICED_MS, () => `session ${name} was half-open for ${after} ms`);
      this.#world.model.count("half-open noticed");
    }
    must(this.#world.timers === 0, () => `${this.#world.timers} timers are left`);
    const { evals, settled } = this.#world.model.counts;
    must(evals === settled, () => `${evals} evals were created, ${settled} settled`);
  }

  #note(operation: string): void {
    this.operations.push(operation);
    this.#world.model.count("operations");
  }

  async #wait(ms: number): Promise<void> {
    this.#note(`wait ${ms}`);
    await this.#world.wait(ms);
  }

  #openClient(): FakeClient | undefined {
    const open = this.#world.clients.filter((client) => client.isOpen);
    return open.length === 0 ? undefined : this.#random.pick(open);
  }

  #open(): void {
    if (this.#world.clients.filter(({ end }) => end === undefined).length >= 5) return;
    this.#note(`open ${this.#world.open().name}`);
  }

  #plan(): string[] {
    const random = this.#random;
    const plan: string[] = [];
    const words = random.pick([0, 0, 1, 1, 2, 4, 8]);
    for (let i = 0; i < words; i++) {
      const size = random.pick([1, 10, 100, 3_000, 9_000]);
      plan.push(random.pick(["w", "w", "w", `p${size}`, `p${size}`, `P${size}`, `r${size}`]));
    }
    if (random.chance(0.1)) {
      plan.push(...random.pick([["l"], ["c", "l"], ["c", "c", "l", "l"], ["s"]]));
    }
    if (random.chance(0.01)) { for (let i = 0; i < 20; i++) plan.push("p60000"); }
    const end = random.fraction();
    if (end < 0.05) plan.push("e");
    else if (end < 0.08) plan.push("u");
    else if (end < 0.11) plan.push("V");
    else if (end < 0.13) plan.push("x");
    else if (end < 0.14) plan.push("k");
    return plan;
  }

  #eval(count: number): void {
    const client = this.#openClient();
    if (client === undefined) return;
    const random = this.#random;
    for (let i = 0; i < count; i++) {
      const plan = this.#plan();
      const options = {
        ...(random.chance(0.2) ? { namespace: random.pick(["x", "y"]) } : {}),
        ...(random.chance(0.1) ? { timeout: random.pick([0, 5, 100, 3_000]) } : {}),
        signal: random.chance(0.1),
      };
      try {
        const called = client.eval(plan, options);
        const { model } = called;
        this.#note(
          `${client.name}: eval ${model.marker} [${plan.join(" ")}] ${JSON.stringify(options)}`,
        );
        if (plan.length > 20) this.#readSlowly(client, called);
      } catch (error) {
        if (!(error instanceof QueueFullError)) throw error;
        this.#note(`${client.name}: queue full`);
      }
    }
  }

  /** Any eval, more often one that is not done. */
  #someEval(): CalledEval | undefined {
    const client = this.#world.clients.length === 0
      ? undefined
      : this.#random.pick(this.#world.clients);
    if (client === undefined || client.evals.length === 0) return undefined;
    const { pending } = client;
    return this.#random.pick(
      pending.length > 0 && this.#random.chance(0.8) ? pending : client.evals,
    );
  }

  #stop(called: CalledEval): void {
    this.#note(`cancel ${called.model.marker}`);
    called.model.cancelled = true;
    called.future.cancel();
  }

  #cancel(): void {
    const called = this.#someEval();
    if (called !== undefined) this.#stop(called);
  }

  #abort(): void {
    const called = this.#someEval();
    if (called?.abort === undefined) return;
    this.#note(`abort ${called.model.marker}`);
    called.abort.abort();
  }

  #interrupt(): void {
    const client = this.#openClient();
    if (client === undefined) return;
    this.#note(`${client.name}: interrupt`);
    this.#world.watch(client.interrupt());
  }

  #read(): void {
    const called = this.#someEval();
    if (called === undefined || called.read !== undefined) return;
    const client = this.#world.clients.find(({ evals }) => evals.includes(called))!;
    const pauseMs = this.#random.pick([0, 0, 0, 1, 50]);
    this.#note(`read ${called.model.marker}, ${pauseMs} ms a chunk`);
    this.#world.watch(client.read(called, pauseMs));
  }

  /** More than all buffers hold: whoever reads makes the code wait. */
  #readSlowly(client: FakeClient, called: CalledEval): void {
    if (this.#random.chance(0.5)) return;
    this.#note(`read ${called.model.marker} from the start`);
    this.#world.watch(client.read(called, this.#random.pick([0, 1, 200])));
  }

  #kill(): void {
    const alive = this.#world.server.processes.filter((process) => process?.isDead === false);
    if (alive.length === 0) return;
    const process = this.#random.pick(alive)!;
    this.#note(`kill python ${process.info.pid}, which runs ${process.busyWith?.marker}`);
    process.die(this.#random.pick([{ signal: "SIGKILL" }, { exit_code: 1 }]));
  }

  #noStart(): void {
    if (this.#world.server.starting.length === 0) return;
    this.#note("a python process does not start");
    this.#world.server.start(false);
  }

  #close(drain: boolean): void {
    const client = this.#openClient();
    if (client === undefined) return;
    this.#note(`${client.name}: close, drain ${drain}`);
    if (drain) {
      // Nobody else would end those.
      for (const called of client.pending) {
        if (called.model.plan.some((word) => word === "l" || word === "s")) this.#stop(called);
      }
    }
    this.#world.watch(client.close(drain));
  }

  #victim(fault: string): FakeClient | undefined {
    const living = this.#world.clients.filter(({ end, fault }) =>
      end === undefined && fault === undefined
    );
    // Most of the others shall see nothing of it.
    if (living.length === 0) return undefined;
    const client = this.#random.pick(living);
    client.fault = fault;
    this.#note(`${client.name}: ${fault}`);
    return client;
  }

  #cut(): void {
    const client = this.#victim("a stream is cut");
    if (client === undefined) return;
    const { worker } = client;
    if (worker.sockets.length === 0) {
      if (worker.dialling.length > 0) worker.refuse();
      else client.fault = undefined;
      return;
    }
    const random = this.#random;
    const { incoming, outgoing } = random.pick(worker.sockets);
    const error = random.chance(0.5) ? new Error("connection reset by the schedule") : undefined;
    for (const pipe of random.pick([[incoming], [outgoing], [incoming, outgoing]])) {
      if (!pipe.ended) pipe.cut(random.below(pipe.length + 1), error);
    }
  }

  #swallow(): void {
    const client = this.#victim("the network swallows");
    if (client === undefined) return;
    const { sockets } = client.worker;
    if (client.remote === undefined || sockets.length < 2) {
      client.fault = undefined;
      return;
    }
    const which = this.#random.pick([[0], [1], [0, 1]]);
    const [up, down] = this.#random.pick([[true, true], [true, false], [false, true]] as const);
    for (const stream of which) this.#world.swallow(client, stream, { up, down });
    this.#note(`streams ${which}, up ${up}, down ${down}`);
  }

  #crash(): void {
    this.#victim("its thread crashes")?.worker.crash();
  }

  #goodbye(): void {
    const sessions = this.#world.server.sessions.all();
    if (sessions.length === 0) return;
    const session = this.#random.pick(sessions);
    const client = this.#world.clients.find(({ remote }) => remote?.sessionId === session.id);
    if (client === undefined || client.fault !== undefined) return;
    const drain = this.#random.chance(0.5);
    client.fault = "the server says goodbye";
    this.#note(`${client.name}: the server says goodbye, drain ${drain}`);
    // Only those that end can be waited for.
    if (drain) { for (const called of client.pending) this.#stop(called); }
    if (drain) session.shutdown();
    else session.end("SHUTDOWN");
  }
}
