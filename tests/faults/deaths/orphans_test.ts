// Promise 16: whenever the server is killed, nothing that it or its python processes have started
// outlives it, no file either, and every future of its clients fails as ConnectionError.
// (SIGTERM drains: tests/unit/server/server_program_test.ts and tests/unit/project/program_test.ts.)
import { assert } from "@std/assert";
import { connect, ConnectionError } from "../../../mod.ts";
import { ServerProgram } from "../../programs.ts";
import { isAlive } from "../../raw_server.ts";
import { count, randomNumbers, report } from "../scale.ts";

/** Promised; half of the servers must stay in it, the rest is for machines under load. */
const GONE_MS = 2_000;
const PATIENCE_MS = 20_000;

const PIDS = `
import os, subprocess, time
child = subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL).pid
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, b"%d" % os.getpid())
        time.sleep(1000)
    os._exit(0)
os.wait()
page = next(line for line in open("/proc/self/maps") if ".page" in line).split(None, 5)[5]
folder = os.path.dirname(page)
[[os.getpid(), os.getppid(), child, int(os.read(reader, 100))], folder]`;

/** What the sessions are at when the server is killed. */
const WORK = [
  "while True: pass",
  "while True: print('x' * 1000)",
  "import time; time.sleep(60)",
  "import itertools; all(itertools.repeat(True))",
  "import subprocess\nwhile True: subprocess.run(['true'])",
  "bytes(10_000_000)",
];

Deno.test("a server that is killed leaves no process and no file behind", async () => {
  const random = randomNumbers();
  const servers = count("serverKills");
  const took: number[] = [];
  let processes = 0;
  for (let i = 0; i < servers; i++) {
    await using server = await ServerProgram.start(2);
    await using sessions = new AsyncDisposableStack();
    const pids: number[] = [];
    const folders = new Set<string>();
    const futures = [];
    for (let session = 0; session < 2; session++) {
      const remote = sessions.use(await connect(server.addr));
      const [its, folder] = await remote.eval<[number[], string]>(PIDS);
      pids.push(...its);
      folders.add(folder);
      for (let j = 0; j < 3; j++) {
        futures.push(remote.eval(WORK[Math.floor(random() * WORK.length)]!));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, random() * 200));
    assert(pids.some(isAlive));
    const start = performance.now();
    server.kill("SIGKILL");
    const left = () => pids.some(isAlive) || [...folders].some(exists);
    while (left()) {
      assert(performance.now() - start < PATIENCE_MS, `left: ${pids.filter(isAlive)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    took.push(performance.now() - start);
    processes += pids.length;
    for (const future of futures) {
      const outcome = await future.waitNoExcept();
      assert(outcome.ok || outcome.error instanceof ConnectionError, String(outcome));
    }
  }
  took.sort((a, b) => a - b);
  const middle = took[servers >> 1]!;
  assert(middle < GONE_MS, `gone after ${middle} ms`);
  const gone = `${middle.toFixed(0)} ms (at most ${took.at(-1)!.toFixed(0)})`;
  report(import.meta.url, { servers, processes, gone });
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
