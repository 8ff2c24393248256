/**
 * Everything of a simulation, and how it goes on: one step at a time, each of what is under way in
 * an order that real streams, threads and processes may take; time passes in between.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { FakeClient } from "./client.ts";
import { Model, Violation } from "./model.ts";
import type { Random } from "./random.ts";
import { FakeServer } from "./server.ts";
import { CAPACITY_BYTES } from "./socket.ts";
import { FakeTime } from "./time.ts";

/** Something that can happen next. */
interface Action {
  weight: number;
  /** Whose code it runs. */
  realm: string;
  run: () => void;
}

/** Steps after which nothing can still be on its way. */
const MAX_STEPS = 1_000_000;

/** Virtual time after which everything that has a deadline has ended. */
const PATIENCE_MS = 300_000;

/** The directions of a stream: from the client, and to it. */
export interface Directions {
  up: boolean;
  down: boolean;
}

/** One simulation. */
export class World implements Disposable {
  readonly random: Random;
  readonly model: Model = new Model();
  readonly server: FakeServer;
  readonly clients: FakeClient[] = [];
  /** The first thing that must not happen and did. */
  violation: Error | undefined;
  readonly #time = new FakeTime();
  /** How likely each kind of step is, so that no two simulations are alike. */
  readonly #weights: Record<"bridge" | "net" | "python" | "start", number>;
  #steps = 0;
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.violated(new Violation(`unhandled rejection: ${event.reason?.stack}`));
  };

  /** Starts one. */
  constructor(random: Random, workers: number) {
    this.random = random;
    this.server = new FakeServer(this.model, random, this.#time, workers);
    const weight = (): number => random.pick([0.2, 1, 1, 5]);
    this.#weights = { bridge: weight(), net: weight(), python: weight(), start: weight() };
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Gives the runtime its clock back. */
  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
    this.#time[Symbol.dispose]();
  }

  /** Milliseconds. */
  get now(): number {
    return this.#time.now;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#time.pending;
  }

  /** Opens a session. */
  open(): FakeClient {
    const name = `${String.fromCharCode(65 + this.clients.length % 26)}${this.clients.length}`;
    const client = new FakeClient(
      name,
      this.model,
      this.#time,
      (error) => this.violated(error),
    );
    this.clients.push(client);
    return client;
  }

  /** Something happened that must not. */
  violated(error: unknown): void {
    this.violation ??= error instanceof Error ? error : new Violation(`${error}`);
  }

  /** What a promise comes to is of no interest, unless it fails. */
  watch(promise: Promise<unknown>): void {
    promise.catch((error) => this.violated(error));
  }

  /** The network swallows what goes in these directions on this stream of a session. */
  swallow(client: FakeClient, stream: number, { up, down }: Directions): void {
    const socket = client.worker.sockets[stream]!;
    const { outgoing, incoming } = socket;
    // With a direction go the acknowledgements of the other: a window full still arrives.
    if (up) {
      outgoing.swallows = true;
      incoming.window = CAPACITY_BYTES;
    }
    if (down) {
      incoming.swallows = true;
      outgoing.window = CAPACITY_BYTES;
    }
    client.swallowing.push(socket);
    client.swallowedAt = this.now;
  }

  /** One thing happens, or a short time passes. */
  async step(): Promise<void> {
    const actions = this.#actions();
    if (actions.length === 0 || this.random.chance(0.1)) {
      await this.#pass(this.random.pick([0.1, 0.5, 2, 20]));
    } else await this.#take(this.random.weighted(actions));
  }

  /** Everything that follows by itself follows. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
    this.#time.realm = "main";
    this.server.check();
  }

  /** Time passes, as slowly as it does for computers: all else is quicker. */
  async wait(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.now < end && this.violation === undefined) {
      await this.#drain();
      await this.#pass(Math.max(0, Math.min(end, this.#time.next ?? Infinity) - this.now));
    }
    await this.#drain();
  }

  /** Goes on until it is so. */
  async until(what: string, condition: () => unknown): Promise<void> {
    const end = this.now + PATIENCE_MS;
    for (;;) {
      await this.#drain();
      if (this.violation !== undefined) throw this.violation;
      if (condition()) return;
      if (this.now > end || this.#time.next === undefined) {
        const pending = this.clients.flatMap((client) =>
          client.pending.map(({ model: { marker, plan } }) =>
            `${marker} of ${client.name} [${plan.join(" ")}]`
          )
        );
        const { sessions, connections, scheduler } = this.server;
        throw new Violation(
          `waited in vain until ${what}; pending: ${
            pending.join(", ") || "none"
          }; the server has ` +
            `${sessions.size} sessions, ${connections.size} connections, ${scheduler.jobs} jobs`,
        );
      }
      await this.#pass(this.#time.next - this.now);
    }
  }

  async #pass(ms: number): Promise<void> {
    const end = this.now + ms;
    while ((this.#time.next ?? Infinity) <= end) {
      this.#time.fire();
      await this.turn();
    }
    this.#time.now = end;
  }

  /** All that can happen without time passing does. */
  async #drain(): Promise<void> {
    for (;;) {
      const actions = this.#actions();
      if (actions.length === 0 || this.violation !== undefined) return;
      await this.#take(this.random.weighted(actions));
    }
  }

  async #take({ realm, run }: Action): Promise<void> {
    if (++this.#steps > MAX_STEPS) throw new Violation(`it goes on after ${MAX_STEPS} steps`);
    this.#time.realm = realm;
    run();
    await this.turn();
  }

  #actions(): Action[] {
    const { random, server } = this;
    const { bridge, net, python, start } = this.#weights;
    const actions: Action[] = [];
    const add = (weight: number, realm: string, run: () => void): void => {
      actions.push({ weight, realm, run });
    };
    for (const client of this.clients) {
      const { worker } = client;
      const { realm } = worker;
      if (worker.toEngine.length > 0) add(bridge, realm, () => worker.deliverToEngine());
      if (worker.toMain.length > 0) add(bridge, "main", () => worker.deliverToMain());
      if (worker.dialling.length > 0) add(net, realm, () => server.accept(worker.accept()));
      for (const socket of worker.sockets) {
        const { incoming, outgoing } = socket;
        if (incoming.isReady) {
          add(net, realm, () => {
            incoming.deliver(random);
            // Silence counts from what was heard last.
            if (client.swallowing.includes(socket)) client.swallowedAt = this.now;
          });
        }
        if (outgoing.isReady) add(net, "server", () => outgoing.deliver(random));
        if (outgoing.isWritable) add(net, realm, () => outgoing.admit());
        if (incoming.isWritable) add(net, "server", () => incoming.admit());
      }
    }
    for (const process of server.processes) {
      for (const run of process?.actions() ?? []) add(python, "server", run);
    }
    if (server.starting.length > 0) add(start, "server", () => server.start(true));
    return actions;
  }
}
