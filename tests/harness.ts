/**
 * What tests need that run in Deno and in Bun alike: `test`, and a server to run against.
 *
 * The server is the one at `PYPROXY_TEST_ADDR`, whatever its make; without that one of this
 * repository's (in Deno, where it can run), with the interpreter `PYPROXY_PYTHON`: a fresh one for each
 * test, or one for all of a file.
 */
import type { ServerOptions } from "../fake_server/mod.ts";
import { connect, type OpenOptions, type RemoteProcess } from "../mod.ts";
import { testPython } from "./python.ts";

declare const Bun: unknown;

type TestBody = () => void | Promise<void>;

/** Whether this runs in Bun. */
export const inBun: boolean = typeof Bun !== "undefined";

/** The longest that one test may take. Deno's runner has no such limit. */
const TEST_TIMEOUT_MS = 60_000;

// The name is put together so that Deno does not look for the module.
const bunTest = inBun ? (await import("bun:" + "test")).test : undefined;

/** Declares a test, with the sanitizers of Deno's on. */
export function test(name: string, body: TestBody): void {
  if (bunTest !== undefined) bunTest(name, body, TEST_TIMEOUT_MS);
  else Deno.test(name, body);
}

/** A server that tests can dial. */
export interface TestServer extends AsyncDisposable {
  addr: string;
  /** Where outputstreams go; of a given server `PYPROXY_TEST_OUTPUT_ADDR` says so. */
  outputAddr: string;
}

let shared: TestServer | undefined;

/**
 * All tests of the file have one server, which takes much less time than one for each. It is a program
 * of its own, as the sanitizers would take each process that it replaces for a leak of the test's.
 */
export function shareServer(): void {
  if (inBun || process.env.PYPROXY_TEST_ADDR !== undefined) return;
  Deno.test.beforeAll(async () => {
    shared = await (await import("./" + "programs.ts")).ServerProgram.start(2);
  });
  Deno.test.afterAll(async () => await shared?.[Symbol.asyncDispose]());
}

/** The server to test against; a fresh one has the `options`, where it is given some. */
export async function testServer(options?: ServerOptions): Promise<TestServer> {
  const { PYPROXY_TEST_ADDR: given, PYPROXY_TEST_OUTPUT_ADDR: givenOutput = "" } = process.env;
  const addr = given ?? shared?.addr;
  if (addr !== undefined) {
    const outputAddr = shared?.outputAddr ?? givenOutput;
    return { addr, outputAddr, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (inBun) throw new Error("Cannot test: set PYPROXY_TEST_ADDR, or use `deno task test:bun`");
  const { startServer } = await import("../fake_server/" + "mod.ts");
  return await startServer({
    python: testPython(),
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 2,
    log: () => {},
    ...options,
  });
}

/** Servers behind every kind of door. */
export interface Doors {
  /** The certificate that `tls` options trust. */
  authority: string;
  /** Where and how each is opened. */
  doors: { what: string; addr: string; options: OpenOptions }[];
  /** Certificates for 127.0.0.1 that nobody must trust who trusts the authority. */
  impostors: Record<string, { cert: string; key: string }>;
}

let sharedDoors: Doors & AsyncDisposable | undefined;

/** All tests of the file have the same doors, for the reasons of {@linkcode shareServer}. */
export function shareDoors(): void {
  if (inBun) return;
  Deno.test.beforeAll(async () => {
    sharedDoors = await (await import("./" + "programs.ts")).startDoorsProgram();
  });
  Deno.test.afterAll(async () => await sharedDoors?.[Symbol.asyncDispose]());
}

/** The doors to test: in Bun those of `tests/bun/run.ts`, else those that are shared. */
export function testDoors(): Doors {
  if (sharedDoors !== undefined) return sharedDoors;
  const given = process.env.PYPROXY_TEST_DOORS;
  if (given === undefined) throw new Error("Cannot test: use `deno task test:bun`");
  return JSON.parse(given);
}

/** A connected session, and the server under it; both go with the test's scope. */
export interface TestRemote extends AsyncDisposable {
  addr: string;
  remote: RemoteProcess;
}

/** Opens a session on the server to test against. */
export async function testRemote(options?: OpenOptions): Promise<TestRemote> {
  const server = await testServer();
  try {
    const remote = await connect(server.addr, options);
    return {
      addr: server.addr,
      remote,
      async [Symbol.asyncDispose]() {
        await remote.close();
        await server[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

declare const process: { env: Record<string, string | undefined> };

/** Everything an async iterable gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Waits until a condition holds; fails after 10 s with what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const start = performance.now();
  while (!await condition()) {
    if (performance.now() - start > 10_000) throw new Error(`waited 10 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
