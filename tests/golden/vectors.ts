/**
 * The golden vectors: values of both languages, and their bytes on the wire.
 *
 * @module
 */

/** A value: an expression of each language, and what it is on the wire. */
export interface Vector {
  python: string;
  /** In hexadecimal. */
  bytes: string;
  js: string;
  /** The way that it goes, if it does not go both. */
  only?: "to python" | "from python";
}

/** Reads the vectors of a file in this folder. */
export async function readVectors(name: string): Promise<Vector[]> {
  return JSON.parse(await Deno.readTextFile(new URL(`./${name}`, import.meta.url)));
}

/** A vector's bytes. */
export function bytesOf({ bytes }: Vector): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(bytes.replaceAll(" ", ""));
}

/** A vector's JavaScript value; `scope` has the names that its expression may use. */
export function valueIn(scope: Record<string, unknown>, { js }: Vector): unknown {
  return new Function(...Object.keys(scope), `return (${js});`)(...Object.values(scope));
}
