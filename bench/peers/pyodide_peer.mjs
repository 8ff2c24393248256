/** pyodide: CPython as WebAssembly on the caller's own thread; nothing travels. */
import { createRequire } from "node:module";
import process from "node:process";
import { measure } from "./measure.mjs";

const [amount, folder] = process.argv.slice(2);
const { loadPyodide } = createRequire(`${folder}/`)("pyodide");

const pyodide = await loadPyodide();
const numbers = await measure({
  eval: (code) => pyodide.runPython(code),
  echo(bytes) {
    const data = pyodide.toPy(bytes);
    const back = pyodide.runPython("bytes(data)", { locals: pyodide.toPy({ data }) });
    const copy = back.toJs();
    back.destroy();
    data.destroy();
    return copy;
  },
  lines(count) {
    let came = 0;
    pyodide.setStdout({ batched: () => came++ });
    pyodide.runPython(
      `for i in range(${count}): print(f"line {i} of what a program prints")`,
    );
    return Promise.resolve(came);
  },
}, JSON.parse(amount));
process.stdout.write(`${JSON.stringify(numbers)}\n`);
