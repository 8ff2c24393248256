/**
 * How long does code wait that asks the server in the middle of its eval?
 *
 * @module
 */
import { openScene } from "./common/scene.ts";
import { bench, type Question, type Settings, type Sides, times } from "./rounds.ts";

/** Microseconds at p50 of one ping after the other, and how many eight threads do in a second. */
const PINGS = `
import threading
from time import perf_counter_ns
from pyproxy_worker.link.requests import ping

def run(count):
    each = []
    for _ in range(count):
        start = perf_counter_ns()
        ping(b"ping")
        each.append(perf_counter_ns() - start)
    return each

def rate(threads):
    share = count // threads
    all = [threading.Thread(target=run, args=(share,)) for _ in range(threads)]
    start = perf_counter_ns()
    for thread in all: thread.start()
    for thread in all: thread.join()
    return share * threads / (perf_counter_ns() - start) * 1e9
`;

/** A ping, which the server answers at once. */
export const requests: Question = {
  title: "A request in the middle of an eval",
  axes: [
    { name: "`ping`, p50", unit: "µs", floorIs: "a bare echo on a unix socket" },
    { name: "`ping`, p50", unit: "µs", floorIs: "the product's `2 + 2`" },
    { name: "`ping` in 8 threads at once", unit: "/s", floorIs: "in one thread" },
  ],
  async open(settings: Settings): Promise<Sides> {
    const scene = await openScene(settings, 1);
    const remote = scene.remotes[0]!;
    const count = 3_000 * settings.scale;
    const pings = (code: string) =>
      remote.eval<number>(`count = ${count}${PINGS}${code}`).then(Number);
    const p50 = "run(count // 10)\nsorted(run(count))[count // 2] / 1000";
    return {
      floor: async () => {
        const bare = await bareEcho(settings.python, count);
        const [whole] = await times(count, () => remote.eval("2 + 2"));
        return [bare, whole, await pings("rate(1)")];
      },
      product: async () => {
        const ping = await pings(p50);
        return [ping, ping, await pings("rate(8)")];
      },
      [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
    };
  },
};

/** The same as bytes that nobody looks into, between bare programs. */
async function bareEcho(python: string, count: number): Promise<number> {
  const program = new URL("./floor/answers.ts", import.meta.url).pathname;
  const args = ["run", "--allow-all", program, python, `${count}`];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return Number(new TextDecoder().decode(stdout));
}

bench(requests);
