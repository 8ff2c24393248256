// Carries out a command line for each line of stdin, a JSON array: see `Commands` in program.ts.
import "../../src/common/runtime.ts";
import { cli } from "../../src/cli/cli.ts";
import { write } from "../../src/cli/terminal.ts";

let text = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (text + chunk).split("\n");
  text = lines.pop()!;
  for (const line of lines) {
    const code = await cli(JSON.parse(line));
    await write(2, "\x1e");
    await write(1, `\x1d${code}\x1e`);
  }
}
