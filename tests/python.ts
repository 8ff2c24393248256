/**
 * The interpreters that tests use. Deno only.
 *
 * @module
 */

/** Where the path of `python3` is kept: tests run in threads, each of which loads this file. */
const KNOWN = "PYPROXY_TEST_PYTHON3";

/**
 * What `python3` is. It may be a shim, whose search for the interpreter takes longer than many a test
 * does: so it is asked once.
 */
export function pathPython(): string {
  const known = Deno.env.get(KNOWN);
  if (known !== undefined) return known;
  const args = ["-c", "import sys; print(sys.executable, end='')"];
  const { stdout, stderr, success } = new Deno.Command("python3", { args }).outputSync();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot test: python3 does not run: ${decoder.decode(stderr)}`);
  const path = decoder.decode(stdout);
  Deno.env.set(KNOWN, path);
  return path;
}

/** The interpreter of tests' servers: `PYPROXY_PYTHON`, else `python3`. */
export function testPython(): string {
  return Deno.env.get("PYPROXY_PYTHON") ?? pathPython();
}

/** Where the interpreters are kept, as above. */
const INTERPRETERS = "PYPROXY_TEST_INTERPRETERS";

/** The interpreters to test with: python3 of the PATH, and the system's. */
export function interpreters(): { name: string; path: string }[] {
  const known = Deno.env.get(INTERPRETERS);
  if (known !== undefined) return JSON.parse(known);
  const found = new Map<string, string>();
  for (const path of [pathPython(), "/usr/bin/python3"]) {
    const code = "import sys; print(sys.executable); print(sys.version.split()[0])";
    try {
      const { stdout, success } = new Deno.Command(path, { args: ["-c", code] }).outputSync();
      const [executable, version] = new TextDecoder().decode(stdout).trim().split("\n");
      if (success) found.set(executable!, version!);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const list = Array.from(found, ([path, version]) => ({ name: `python ${version}`, path }));
  Deno.env.set(INTERPRETERS, JSON.stringify(list));
  return list;
}
