/** A directory with the python files in it, as the server makes it for its processes. */
import { PYTHON_FILES } from "../../fake_server/executors/local/python_files.ts";

/** It is there until it is disposed of. */
export interface PythonFolder extends AsyncDisposable {
  path: string;
}

/** Makes one. */
export async function pythonFolder(): Promise<PythonFolder> {
  const path = await Deno.makeTempDir({ prefix: "pyproxy-test-" });
  await Deno.mkdir(`${path}/pyproxy_worker`);
  for (const [name, source] of Object.entries(PYTHON_FILES)) {
    await Deno.writeTextFile(`${path}/pyproxy_worker/${name}`, source);
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
