/**
 * python-shell: a local child process and its pipes; a line in, a line out. Bytes go as base64, and
 * not many: each piece that comes is searched for line ends together with all before it.
 */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import process from "node:process";
import { measure } from "./measure.mjs";

const [amount, folder, python] = process.argv.slice(2);
const { PythonShell } = createRequire(`${folder}/`)("python-shell");

const shell = new PythonShell(new URL("./python_shell_peer.py", import.meta.url).pathname, {
  mode: "text",
  pythonPath: python,
});
const waiting = [];
let onLine;
shell.on("message", (line) => onLine === undefined ? waiting.shift()(line) : onLine());

function ask(line) {
  shell.send(line);
  return new Promise((resolve) => waiting.push(resolve));
}

const numbers = await measure({
  eval: (code) => ask(code),
  echo: async (bytes) => Buffer.from(await ask(Buffer.from(bytes).toString("base64")), "base64"),
  echoUpTo: 1_000_000,
  lines: (count) =>
    new Promise((resolve) => {
      let came = 0;
      onLine = () => {
        if (++came < count) return;
        onLine = undefined;
        resolve(came);
      };
      shell.send(`print ${count}`);
    }),
}, JSON.parse(amount));
process.stdout.write(`${JSON.stringify(numbers)}\n`);
shell.end(() => process.exit(0));
