// What the README shows is true: its TypeScript blocks are checked and run.
import { assert } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { blocks, expected, readme, root } from "../readme.ts";

/** Runs deno with the imports of this repository; gives what it printed. */
async function deno(command: string, args: string[]): Promise<string> {
  const config = new URL("deno.json", root).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--config", config, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, `${args}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

Deno.test("the README's TypeScript blocks run and print what they say", async () => {
  assert(blocks.length >= 7, `there are ${blocks.length} blocks`);
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    log: () => {},
  });
  const folder = await Deno.makeTempDir();
  try {
    const files = blocks.map((_, i) => `${folder}/block_${i}.ts`);
    for (const [i, block] of blocks.entries()) {
      await Deno.writeTextFile(files[i]!, block.replaceAll("localhost:9000", server.addr));
    }
    await deno("check", files);
    const outputs: string[] = [];
    for (const file of files) outputs.push(await deno("run", ["--no-check", "--allow-all", file]));
    for (const [i, block] of blocks.entries()) {
      const lines = outputs[i]!.split("\n");
      for (const line of expected(block)) {
        assert(lines.includes(line), `block ${i} printed no line ${line}:\n${outputs[i]}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README has the two commands that need only npm and Python 3", () => {
  for (const task of ["demo", "test"]) {
    assert(readme.includes(`npx --yes deno@2.9.6 task ${task}`), task);
  }
});
