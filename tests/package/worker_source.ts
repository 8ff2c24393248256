/**
 * `deno task worker`: writes src/worker/generated/worker_source.ts, which is src/worker/session_worker.ts with all it imports
 * as one module. To be run after each change to one of those; a test tells when it was not.
 */
const root = new URL("../../", import.meta.url);

/** The file that is written. */
export const WORKER_SOURCE_FILE: URL = new URL("src/worker/generated/worker_source.ts", root);

const HEAD = `/**
 * What a session's thread runs: session_worker.ts and all that it imports, as one module in a string.
 * A thread that starts from it has no thirty files to find and load, and neither does who bundles or
 * compiles a program have to bring them along.
 *
 * Written by \`deno task worker\`, never by hand.
 *
 * @module
 */

/** The module. */
`;

/** Of one version, so that the same sources make the same file. */
const ESBUILD = "npm:esbuild@0.25.5";

/** What the file has to hold. */
export async function workerSource(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      ESBUILD,
      "src/worker/session_worker.ts",
      "--bundle",
      "--format=esm",
      "--target=esnext",
      // Every thread keeps the text: a third less of it is a tenth of a MB less for each session. Names
      // stay, so that a stack tells something, and so do lines, so that git does.
      "--minify-whitespace",
      "--minify-syntax",
      "--line-limit=100",
    ],
    cwd: root.pathname,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot bundle: ${decoder.decode(stderr)}`);
  const text = decoder.decode(stdout).replace(/[\\`]|\$(?=\{)/g, "\\$&");
  return `${HEAD}export const WORKER_SOURCE: string = \`\\\n${text}\`;\n`;
}

if (import.meta.main) await Deno.writeTextFile(WORKER_SOURCE_FILE, await workerSource());
