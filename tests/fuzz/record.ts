/**
 * Records the exchanges of `corpus/exchanges.json`: real clients against a real server, through a
 * proxy that notes down each frame. To be run by hand when the protocol has changed:
 *
 *     deno run --allow-all tests/fuzz/record.ts
 *
 * @module
 */
import { startServer } from "../../fake_server/mod.ts";
import { connect, float, type RemoteProcess, tuple } from "../../mod.ts";
import type { StreamName } from "../../src/protocol/rules.ts";
import { frameBytes } from "../../src/wire/frame.ts";
import { FrameReader } from "../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../src/wire/limits.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { controlFrame, readControl } from "../raw_client.ts";
import type { StoredExchange } from "./corpus.ts";

const TOKEN = "not-secret-0123456789abcdef";

/** Passes connections on, and notes down what goes over them. */
class Proxy implements AsyncDisposable {
  readonly frames: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #to: string;
  readonly #work: Promise<void>[] = [];
  #count = 0;

  constructor(to: string) {
    this.#to = to;
    this.#work.push(this.#accept());
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const [hostname, port] = this.#to.split(":") as [string, string];
      const server = await Deno.connect({ hostname, port: Number(port) });
      // The mainstream comes first, and both to this port.
      const stream: StreamName = this.#count++ === 0 ? "main" : "output";
      this.#work.push(
        Promise.all([
          this.#pass("client", stream, client, server),
          this.#pass("server", stream, server, client),
        ]).then(() => {
          client.close();
          server.close();
        }),
      );
    }
  }

  async #pass(
    who: "client" | "server",
    stream: StreamName,
    from: Deno.Conn,
    to: Deno.Conn,
  ): Promise<void> {
    const reader = new FrameReader(MAX_FRAME_BODY_BYTES);
    for (;;) {
      const count = await from.read(reader.space()).catch(() => null);
      if (count === null) break;
      for (const { type, flags, id, body } of reader.filled(count)) {
        let bytes = frameBytes(type, flags, id, body);
        if (type === MessageType.SERVER_HELLO) {
          const hello = { ...readControl(body), output_addr: `:${this.port}` };
          bytes = controlFrame(type, hello) as typeof bytes;
        }
        this.frames.push(`${who} ${stream} ${bytes.toHex()}`);
        for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
      }
    }
    await to.closeWrite().catch(() => {}); // it has closed as well
  }
}

/** What is done in each exchange. Mutated code runs for real, so it is code that hurts nobody. */
const SESSIONS: Record<string, (remote: RemoteProcess) => Promise<unknown>> = {
  "values both ways": async (remote) => {
    const values = [null, true, -1, 300, 2n ** 70n, 1.5, float(1), "ä€", new Uint8Array(300)];
    const more = [tuple(1, "a"), new Set([7]), new Map([[1, "a"]]), new Int16Array([1, -1])];
    const moments = [new Date(0), Temporal.PlainDate.from("2026-01-02"), "__proto__"];
    const locs = { values, more, moments };
    await remote.eval("values, more, moments", { locs });
    await remote.eval("x", { locs: {}, globs: { x: { deep: [[[{}]]] } } });
    await remote.eval("import decimal, re; [decimal.Decimal('1.10'), re.compile('x'), 1j]");
    await remote.eval("object()", { strict: true }).waitNoExcept();
    await remote.close({ drain: true });
  },
  "errors, output, namespaces": async (remote) => {
    const logs = remote.logs();
    await remote.eval("x = 'kept'", { namespace: "n" });
    await remote.eval("x", { namespace: "n" });
    const printed = remote.eval("import sys\nprint('out')\nprint('err', file=sys.stderr)");
    for await (const _ of printed.output());
    await remote.eval("try:\n  [][0]\nexcept LookupError as e:\n  raise KeyError('k') from e")
      .waitNoExcept();
    await remote.eval("1 +").waitNoExcept();
    await remote.eval("import threading\nthreading.Timer(0.05, print, ['late']).start()");
    for await (const { msg } of logs) if (msg === "late output") break;
    await remote.close();
  },
  "cancels and interrupts": async (remote) => {
    const first = remote.eval("import time\ntime.sleep(1)");
    const queued = remote.eval("'never'");
    queued.cancel();
    await queued.waitNoExcept();
    while (!await remote.interrupt()) await new Promise((resolve) => setTimeout(resolve, 20));
    await first.waitNoExcept();
    await remote.eval("import time\ntime.sleep(1)", { timeout: 200 }).waitNoExcept();
    await remote.eval("'goes on'");
    await remote.close();
  },
  "how things are": async (remote) => {
    await remote.status();
    const long = remote.eval("import time\ntime.sleep(1)", { onProgress: () => {} });
    while (!(await remote.status()).running) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await long;
    await remote.close({ drain: true });
  },
};

const recorded: StoredExchange[] = [];
for (const [name, use] of Object.entries(SESSIONS)) {
  for (const token of [undefined, TOKEN]) {
    // One login is like the other.
    if (token !== undefined && recorded.some((exchange) => exchange.token !== undefined)) continue;
    await using server = await startServer({
      bindAddr: "127.0.0.1:0",
      outputAddr: "127.0.0.1:0",
      numWorkers: 1,
      token,
    });
    await using proxy = new Proxy(server.addr);
    const remote = await connect(`127.0.0.1:${proxy.port}`, { token, name: "recorded" });
    await use(remote);
    await remote.closed;
    recorded.push({
      name: token === undefined ? name : `${name}, after a login`,
      ...(token === undefined ? {} : { token }),
      frames: proxy.frames,
    });
  }
}
const file = new URL("corpus/exchanges.json", import.meta.url);
await Deno.writeTextFile(file, JSON.stringify(recorded, null, 2) + "\n");
