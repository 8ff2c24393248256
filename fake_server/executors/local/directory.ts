/**
 * The server's private directory, where temporary files go: the sockets and pages of its Python
 * processes, and its Python files if they can't be in the user's cache.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { errorText } from "../../common/log.ts";
import { StartError } from "../start_error.ts";
import { cachedPackage } from "./package_cache.ts";
import { PYTHON_FILES } from "./python_files.ts";

/** Bytes that the path of a unix socket may have: what the system's struct has, less its final 0. */
const MAX_SOCKET_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/**
 * The longest name of a socket below the parent: Deno adds up to 16 digits, and there may be ten
 * million Python processes, one after the other.
 */
const SOCKET_NAME = "/pyproxy-0123456789abcdef/9999999.sock";

/** What is wrong with a directory, by the system's code. */
const FLAWS: Record<string, string> = {
  ENOENT: "there is no such directory",
  ENOTDIR: "it is no directory",
  ENAMETOOLONG: "its path is too long",
  EROFS: "its file system is read-only",
  EACCES: "the server's user may not write there",
  EPERM: "the server's user may not write there",
  ENOSPC: "its file system is full",
  EDQUOT: "the quota of the server's user is used up",
};

/**
 * Makes a private directory in TMPDIR or else /tmp, and looks for the folder of the Python files: in
 * the user's cache, or if there can be none in this directory.
 *
 * @throws {StartError} If that cannot be, with what to do about it.
 */
export async function makeDirectory(): Promise<{ directory: string; packageFolder: string }> {
  // An empty one is none to Python as well. A relative one would change with the current directory.
  const parent = resolve(Deno.env.get("TMPDIR") || "/tmp");
  checkLength(parent);
  let directory: string | undefined;
  try {
    // Mode 0700, as makeTempDir has it.
    directory = await Deno.makeTempDir({ dir: parent, prefix: "pyproxy-" });
    const cached = await cachedPackage();
    if (cached === undefined) await writePythonFiles(`${directory}/pyproxy_worker`);
    return { directory, packageFolder: cached ?? directory };
  } catch (error) {
    if (directory !== undefined) await removeDirectory(directory);
    throw directoryError(parent, error);
  }
}

/** Writes the Python files into a new folder. */
export async function writePythonFiles(folder: string): Promise<void> {
  for (const [path, source] of Object.entries(PYTHON_FILES)) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, source);
  }
}

/** Removes the directory; a guard may have done so already, or be at it. */
export async function removeDirectory(directory: string): Promise<void> {
  try {
    await Deno.remove(directory, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Makes something in the directory.
 *
 * @throws {StartError} If the system refuses it there, with what to do about it.
 */
export function inDirectory<T>(directory: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw directoryError(directory, error);
  }
}

/** An error of the system's about a directory in one sentence; any other error as it is. */
function directoryError(directory: string, error: unknown): unknown {
  const { code } = error as { code?: string };
  // Not of the directory: Deno's permissions have no code, and descriptors are of all the server.
  if (code === undefined || code === "EMFILE" || code === "ENFILE") return error;
  return new StartError(
    `Cannot make the server's files in ${directory}: ${FLAWS[code] ?? errorText(error)}; set ` +
      `TMPDIR to a directory that the server can write to`,
  );
}

function checkLength(parent: string): void {
  const size = bytes(parent);
  const most = MAX_SOCKET_PATH_BYTES - bytes(SOCKET_NAME);
  if (size <= most) return;
  throw new StartError(
    `Cannot make the server's sockets in ${parent}: this path has ${size} bytes, and a socket's ` +
      `leaves room for ${most}; set TMPDIR to a directory with a shorter one, as /tmp`,
  );
}

function bytes(path: string): number {
  return new TextEncoder().encode(path).length;
}
