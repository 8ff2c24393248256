/**
 * The ids of jobs: u32 that wrap around.
 *
 * @module
 */

/** The id after this one. Ids wrap around and leave out 0: a process may run more than 2^32 jobs. */
export function nextId(id: number): number {
  return id === 0xffff_ffff ? 1 : id + 1;
}

/** Whether `a` is `b` or comes before it. Both must be within 2^31 of each other. */
export function notAfter(a: number, b: number): boolean {
  return ((b - a) >>> 0) < 0x8000_0000;
}
