/**
 * How long is a session without a python process after its process has died? From the news of the
 * death to the next value. The floor is a bare start of the interpreter.
 *
 * @module
 */
import { connect, RemoteProcessDiedError } from "../mod.ts";
import { startProduct } from "./common/processes.ts";
import { bench, median, type Question, type Settings, type Sides } from "./rounds.ts";

const DEATHS = 15;

/** The replacing of a dead process. */
export const replacing: Question = {
  title: "Replacing a dead python process",
  axes: [
    {
      name: "death of a python process to the next value",
      unit: "ms",
      floorIs: "a bare start of the interpreter",
      budget: { of: "ratio", limit: 1.6 },
    },
  ],
  async open({ python, scale }: Settings): Promise<Sides> {
    const server = await startProduct(python, 1);
    const remote = await connect(server.addr);
    const count = DEATHS * scale;
    return {
      floor: async () => {
        const times: number[] = [];
        for (let i = 0; i < count; i++) {
          const start = performance.now();
          const { success } = await new Deno.Command(python, {
            args: ["-c", "import os; os._exit(0)"],
          }).output();
          if (!success) throw new Error(`${python} does not start`);
          times.push(performance.now() - start);
        }
        return [median(times)];
      },
      product: async () => {
        const times: number[] = [];
        for (let i = 0; i < count; i++) {
          // Whatever is kept warm has time to be so.
          await new Promise((resolve) => setTimeout(resolve, 100));
          const outcome = await remote.eval("import os; os.kill(os.getpid(), 9)").waitNoExcept();
          const start = performance.now();
          if (outcome.ok || !(outcome.error instanceof RemoteProcessDiedError)) {
            throw new Error("the python process did not die");
          }
          await remote.eval("2 + 2");
          times.push(performance.now() - start);
        }
        return [median(times)];
      },
      async [Symbol.asyncDispose]() {
        await remote.close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};

bench(replacing);
