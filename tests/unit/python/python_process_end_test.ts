/** The server's end of a python process, around that one's death. */
import { assertEquals } from "@std/assert";
import { KeptBuffers } from "../../../fake_server/common/kept_buffers.ts";
import { PythonProcess } from "../../../fake_server/executors/local/python_process.ts";
import { pathPython } from "../../python.ts";
import { pythonFolder } from "./python_folder.ts";

/** A process with nobody who listens yet. */
function startProcess(directory: string): Promise<PythonProcess> {
  return PythonProcess.start({
    python: pathPython(),
    directory,
    main: `${directory}/pyproxy_worker/main.py`,
    name: "test",
    startMs: 10_000,
    memoryLimit: 0,
    env: Deno.env.toObject(),
    buffers: new KeptBuffers(() => 0),
    signal: new AbortController().signal,
  });
}

for (const when of ["is dead", "is dying"]) {
  Deno.test(`listen() to a python process that ${when} tells of its death and of no job`, async () => {
    await using folder = await pythonFolder();
    const process = await startProcess(folder.path);
    const told: string[] = [];
    const tell = (what: string) => (): undefined => void told.push(what);
    Deno.kill(process.info.pid, "SIGKILL");
    if (when === "is dead") await process.exited;
    process.listen({
      result: tell("result"),
      broken: tell("broken"),
      note: tell("note"),
      turn: tell("turn"),
      output: tell("output"),
      fault: tell("fault"),
    });
    assertEquals(await process.exited, { exit: { signal: "SIGKILL" }, started: 0 });
    assertEquals(told, []);
  });
}
