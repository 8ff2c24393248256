/** pythonia: a local child process. What it prints goes to the terminal, not to the caller. */
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { measure } from "./measure.mjs";

const [amount, folder, interpreter] = process.argv.slice(2);
process.env.PYTHON_BIN = interpreter;
const entry = createRequire(`${folder}/`).resolve("pythonia");
const { python } = await import(pathToFileURL(entry).href);

const builtins = await python("builtins");
const numbers = await measure({ eval: (code) => builtins.eval(code) }, JSON.parse(amount));
process.stdout.write(`${JSON.stringify(numbers)}\n`);
process.exit(0);
