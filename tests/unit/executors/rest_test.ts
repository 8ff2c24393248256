import { assertEquals } from "@std/assert";
import { Rest } from "../../../fake_server/executors/local/output/rest.ts";

/** Two loops that read, and what happens, in order. */
function bench(): { rest: Rest; said: string[]; turn(loop: number): Promise<void> } {
  const said: string[] = [];
  const rest = new Rest(2, (rests) => said.push(`rests ${rests}`));
  return {
    rest,
    said,
    async turn(loop) {
      const over = rest.over;
      if (over !== undefined) await over;
      said.push(`loop ${loop} reads`);
    },
  };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("Rest is told when every loop waits, and its end before any of them reads on", async () => {
  const { rest, said, turn } = bench();
  rest.begin();
  turn(1);
  await settled();
  assertEquals(said, []);
  turn(2);
  await settled();
  assertEquals(said, ["rests 1"]);
  rest.end();
  await settled();
  assertEquals(said, ["rests 1", "rests 2", "loop 1 reads", "loop 2 reads"]);
});

Deno.test("Rest that ends while a loop still reads was none", async () => {
  const { rest, said, turn } = bench();
  rest.begin();
  turn(1);
  rest.end();
  await settled();
  assertEquals(said, ["loop 1 reads"]);
  await turn(2);
  assertEquals(said, ["loop 1 reads", "loop 2 reads"]);
});

Deno.test("Rest that begins anew as it ends lets each loop read once", async () => {
  const { rest, said, turn } = bench();
  rest.begin();
  const turns = [turn(1).then(() => turn(1)), turn(2).then(() => turn(2))];
  rest.end();
  rest.begin();
  await settled();
  assertEquals(said, ["rests 1", "rests 2", "loop 1 reads", "loop 2 reads", "rests 3"]);
  rest.close();
  await Promise.all(turns);
  rest.begin();
  await turn(1);
  assertEquals(said.slice(5), ["rests 4", "loop 1 reads", "loop 2 reads", "loop 1 reads"]);
});
