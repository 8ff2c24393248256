// What the README shows is true: its TypeScript blocks are checked and run.
import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);

/** What a block says that it prints: the comments behind its console.log calls. */
function expected(block: string): string[] {
  return [...block.matchAll(/console\.log\(.*\);.* \/\/ (.*)$/gm)].map((match) => match[1]!)
    .filter((text) => !/^[0-9a-f]{32}$|^as /.test(text));
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
    const outputs = await Promise.all(blocks.map(async (block, i) => {
      const file = `${folder}/block_${i}.ts`;
      await Deno.writeTextFile(file, block.replaceAll("localhost:9000", server.addr));
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--check",
          "--allow-all",
          "--config",
          new URL("deno.json", root).pathname,
          file,
        ],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertEquals(code, 0, `${block}\n${new TextDecoder().decode(stderr)}`);
      return text;
    }));
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
