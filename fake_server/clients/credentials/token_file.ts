/**
 * Reads the server's token from a file.
 *
 * @module
 */
import { errorText } from "../../common/log.ts";

/** Permissions of group and others. */
const OTHERS = 0o077;

/**
 * Reads a token: the file's text without the final newline.
 *
 * @throws {Error} If there is no such file, or if other users can read or change it.
 */
export function readTokenFile(path: string): string {
  const fail = (why: string): never => {
    throw new Error(`Cannot read the token file ${path}: ${why}`);
  };
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    return fail(errorText(error));
  }
  using _ = file;
  // Check the open file, since the path may now lead to another file.
  const { isFile, mode, size } = file.statSync();
  if (!isFile) return fail("it is no file");
  if (mode !== null && (mode & OTHERS) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    return fail(`it has the mode ${octal}, so that others can get at it; run chmod 600 on it`);
  }
  const bytes = new Uint8Array(size);
  const count = file.readSync(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, count)).replace(/\r?\n$/, "");
}
