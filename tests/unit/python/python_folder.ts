/** A directory with the python files in it, as the server makes it for its processes. */
import { writePythonFiles } from "../../../fake_server/executors/local/directory.ts";

/** It is there until it is disposed of. */
export interface PythonFolder extends AsyncDisposable {
  path: string;
}

/** Makes one. */
export async function pythonFolder(): Promise<PythonFolder> {
  const path = await Deno.makeTempDir({ prefix: "pyproxy-test-" });
  await writePythonFiles(`${path}/pyproxy_worker`);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
