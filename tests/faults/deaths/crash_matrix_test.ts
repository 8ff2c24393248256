// Promise 3: where in an eval a fault falls never matters. Each cell puts one fault into one phase of
// an eval's life, in the python process's main thread: the eval has an outcome, the right one; the
// pool is whole again; a session beside it in the same process and one in another notice nothing.
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import {
  CancelledError,
  connect,
  Opaque,
  PythonError,
  type RemoteProcess,
  RemoteProcessDiedError,
} from "../../../mod.ts";
import { test, testServer, until } from "../../harness.ts";
import { report } from "../scale.ts";

const FAULTS = {
  "raise": `raise LookupError("the fault")`,
  "sys.exit": `sys.exit(3)`,
  "os._exit": `os._exit(3)`,
  "SIGSEGV": `ctypes.string_at(0)`,
  "SIGKILL": `os.kill(os.getpid(), signal.SIGKILL)`,
  "SIGSTOP": `os.kill(os.getpid(), signal.SIGSTOP)`,
  "closed descriptors": `os.closerange(0, 65536); time.sleep(60)`,
  "memory limit": `
    resource.setrlimit(resource.RLIMIT_AS, (used() + (64 << 20), resource.RLIM_INFINITY))
    hoard = []
    try:
        while True: hoard.append(bytearray(1 << 20))
    finally:
        hoard.clear()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))`,
  // No code of Python's runs once the marker is made, so no cancel gets in before the loop.
  "loop in C": `all(itertools.chain(map(os.open, [marker], [os.O_CREAT]), itertools.repeat(True)))`,
  "hanging atexit": `atexit.register(time.sleep, 60); sys.exit(3)`,
};

/** Common to all cells; `marker` is a path, made when the fault happens. */
const prelude = (fault: string) => `
import atexit, ctypes, itertools, os, resource, signal, sys, threading, time
def used():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
def fault():
    ${fault.includes("marker") ? "" : "os.close(os.open(marker, os.O_CREAT | os.O_WRONLY))"}
    ${fault}
def at_unpack():
    """Has the fault when the worker reads the next eval."""
    from pyproxy_worker import worker
    real = worker.read_request
    def read_request(body):
        worker.read_request = real
        fault()
        return real(body)
    worker.read_request = read_request
def at_write():
    """Has the fault between the two pieces in which the worker writes a large result."""
    from pyproxy_worker.link.link import Link
    real = Link._send
    def _send(link, *frame):
        Link._send = real
        socket = link._socket
        class First:
            def sendall(self, piece):
                socket.sendall(piece)
                link._socket = socket
                fault()
        link._socket = First()
        real(link, *frame)
    Link._send = _send
`;

/** How the fault gets into each phase: the eval before, if there has to be one, and the eval itself. */
const PHASES: Record<string, { before?: string; code: string }> = {
  // While the process waits for an eval: in a signal's handler, as soon as it waits.
  idle: {
    before: `
signal.signal(signal.SIGUSR1, lambda *_: fault())
def watch():
    main = threading.main_thread().ident
    while main in sys._current_frames(): time.sleep(0.001)  # with code of an eval
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=watch, daemon=True).start()`,
    code: `"survived"`,
  },
  unpack: { before: `at_unpack()`, code: `"survived"` },
  run: { code: `fault()` },
  print: {
    code: `
class Loud:
    def __str__(self): return fault()
print("before the fault", Loud())`,
  },
  pack: {
    code: `
class Odd:
    def __repr__(self): return fault()
[1, Odd()]`,
  },
  // A result this large goes in two pieces: what is before the bytes, and these.
  write: { code: `at_write(); bytes(200_000)` },
};

/** What has happened to an eval, in a word or two. */
async function outcome(future: PromiseLike<unknown>): Promise<string> {
  try {
    const value = await future;
    const opaque = Array.isArray(value) && value[1] instanceof Opaque;
    return opaque ? "opaque" : value instanceof Uint8Array ? "bytes" : `value ${value}`;
  } catch (error) {
    if (error instanceof CancelledError) return `cancelled ${error.how}`;
    if (error instanceof RemoteProcessDiedError) return `died ${error.signal ?? error.exitCode}`;
    if (error instanceof PythonError) return error.type;
    throw error;
  }
}

/** What becomes of the eval, phase by phase; in `idle` the one that comes next has it. */
const EXPECTED: Record<keyof typeof FAULTS, string> = {
  "raise": "value survived, died 1, LookupError, LookupError, opaque, died 1",
  "sys.exit": "value survived, died 1, SystemExit, SystemExit, opaque, died 1",
  "os._exit": "value survived, died 3, died 3, died 3, died 3, died 3",
  "SIGSEGV": "value survived, died SIGSEGV, died SIGSEGV, died SIGSEGV, died SIGSEGV, died SIGSEGV",
  "SIGKILL": "value survived, died SIGKILL, died SIGKILL, died SIGKILL, died SIGKILL, died SIGKILL",
  // It goes on; what stopped it gives None, which no __str__ or __repr__ may.
  "SIGSTOP": "value survived, value survived, value null, TypeError, opaque, bytes",
  "closed descriptors":
    "value survived, died SIGKILL, died SIGKILL, died SIGKILL, died SIGKILL, died SIGKILL",
  "memory limit": "value survived, MemoryError, MemoryError, MemoryError, opaque, died 1",
  "loop in C":
    "cancelled queued, cancelled killed, cancelled killed, cancelled killed, cancelled killed, " +
    "cancelled killed",
  "hanging atexit": "value survived, died 1, SystemExit, SystemExit, opaque, died 1",
};

for (const [fault, body] of Object.entries(FAULTS)) {
  test(`a python process survives or is replaced, whatever the phase: ${fault}`, async () => {
    const folder = await mkdtemp(`${tmpdir()}/pyproxy-matrix-`);
    await using server = await testServer({
      numWorkers: 2,
      limits: { cancelGraceMs: 200, tickMs: 50 },
    });
    await using sessions = new AsyncDisposableStack();
    const open = async (): Promise<[RemoteProcess, number]> => {
      const remote = sessions.use(await connect(server.addr));
      return [remote, await remote.eval<number>("__import__('os').getpid()")];
    };
    const [victim, pid] = await open();
    // The first two, unless sessions of the test before, which close just now, still have a place.
    let neighbour: RemoteProcess | undefined;
    let other: RemoteProcess | undefined;
    for (let tries = 0; neighbour === undefined || other === undefined; tries++) {
      assert(tries < 6, "six sessions are all in one process");
      const [remote, itsPid] = await open();
      if (itsPid === pid) neighbour ??= remote;
      else other ??= remote;
    }
    const bystander = keepBusy(other);
    const reached: string[] = [];
    for (const [phase, { before, code }] of Object.entries(PHASES)) {
      const of = <T>(future: PromiseLike<T>) => settled(`${fault} in ${phase}`, future);
      const locs = { marker: `${folder}/${phase}` };
      if (before !== undefined) await of(victim.eval(prelude(body) + before, { locs }));
      if (phase === "idle") await until("the fault is there", () => existsSync(locs.marker));
      const future = victim.eval(before === undefined ? prelude(body) + code : code, { locs });
      // What waits for the next eval must not find the neighbour's.
      const early = before === undefined ? neighbour.eval("'behind'") : undefined;
      if (phase !== "idle") await until("the fault is there", () => existsSync(locs.marker));
      if (fault === "loop in C") future.cancel();
      reached.push(await of(outcome(future)));
      assertEquals(await of(early ?? neighbour.eval("'behind'")), "behind");
      assertEquals(await of(victim.eval("1 + 1")), 2);
    }
    await bystander.stop();
    await rm(folder, { recursive: true });
    assertEquals(reached.join(", "), EXPECTED[fault as keyof typeof FAULTS]);
    report(import.meta.url, { fault, phases: reached.length, seen: reached.join("; ") });
  });
}

/** No hang: whatever it is, it is over within this time, which is far more than it ever takes. */
const PATIENCE_MS = 20_000;

/** Fails with what has not happened, where waiting would never end. */
async function settled<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`);
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Evaluates one thing after the other until it is stopped: nothing of it may go wrong. */
function keepBusy(remote: RemoteProcess): { stop(): Promise<void> } {
  let stopped = false;
  const loop = (async () => {
    for (let i = 0; !stopped; i++) {
      assertEquals(await remote.eval("i", { locs: { i } }), i);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  // Told by stop(); if the test fails before, that is what counts.
  loop.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      return loop;
    },
  };
}
