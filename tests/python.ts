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
