/**
 * The Python files, in a cache directory of the user: what Python has compiled is still there at the
 * next start of a server, which saves a third of the time of its first process.
 *
 * @module
 */
import { dirname, isAbsolute } from "node:path";
import { PYTHON_FILES } from "./python_files.ts";

/** Files of other versions are removed when no server has used them for so long. */
const UNUSED_MS = 30 * 24 * 60 * 60 * 1_000;

/** Others may not write there: what is in it is run. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * The folder with the package `pyproxy_worker` of this version, in `$XDG_CACHE_HOME/pyproxy` or
 * `~/.cache/pyproxy`. undefined if there can be none: then each server needs files of its own.
 */
export async function cachedPackage(): Promise<string | undefined> {
  const parent = await cacheDirectory();
  if (parent === undefined) return undefined;
  const name = `python-${await hashOf(PYTHON_FILES)}`;
  const folder = `${parent}/${name}`;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    // A user who can write to the directory above could put another in the place of ours.
    if (!await isOwn(await Deno.realPath(dirname(parent)))) return undefined;
    if (!await isOwn(parent) || !await isOwn(folder)) return undefined;
    await complete(`${folder}/pyproxy_worker`);
    await Deno.utime(folder, new Date(), new Date());
    await removeUnused(parent, name);
    return folder;
  } catch {
    // The disk is full, the home directory is read-only, or another server is at the same.
    return undefined;
  }
}

/** Where the cache is; undefined if there is no place, or no permission, for it. */
async function cacheDirectory(): Promise<string | undefined> {
  const home = Deno.env.get("HOME") ?? "";
  const base = Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`;
  if (!isAbsolute(base) || base === "/.cache") return undefined;
  const path = `${base}/pyproxy`;
  // Deno would ask the user for a permission that is missing, and the server can do without.
  const needed: Deno.PermissionDescriptor[] = [
    { name: "read", path: base },
    { name: "write", path: base },
    { name: "sys", kind: "uid" },
  ];
  const states = await Promise.all(needed.map((each) => Deno.permissions.query(each)));
  return states.every(({ state }) => state === "granted") ? path : undefined;
}

/** Whether it is a directory of this user that no other user can write to. */
async function isOwn(path: string): Promise<boolean> {
  const { isDirectory, uid, mode } = await Deno.lstat(path);
  return isDirectory && uid === Deno.uid() && ((mode ?? 0) & WRITABLE_BY_OTHERS) === 0;
}

/** Writes the files that are missing or different, each as a whole: other servers may read them. */
async function complete(folder: string): Promise<void> {
  for (const [path, source] of Object.entries(PYTHON_FILES)) {
    const file = `${folder}/${path}`;
    if (await textOf(file) === source) continue;
    await Deno.mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const fresh = await Deno.makeTempFile({ dir: folder, prefix: ".new-" });
    try {
      await Deno.writeTextFile(fresh, source);
      await Deno.rename(fresh, file);
    } catch (error) {
      await Deno.remove(fresh);
      throw error;
    }
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes the files of other versions that no server has used for long. */
async function removeUnused(parent: string, used: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    if (name === used || !name.startsWith("python-")) continue;
    const { mtime } = await Deno.lstat(`${parent}/${name}`);
    if (mtime === null || Date.now() - mtime.getTime() < UNUSED_MS) continue;
    await Deno.remove(`${parent}/${name}`, { recursive: true });
  }
}

/** A name for these files and no others. */
async function hashOf(files: Readonly<Record<string, string>>): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(files));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.subarray(0, 8).toHex();
}
