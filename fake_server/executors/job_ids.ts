/**
 * The ids of jobs: u32 that go round.
 *
 * @module
 */

/** Job ids are u32 and go round, leaving 0 out: a process may live for more than 2^32 evals. */
export function nextId(id: number): number {
  return id === 0xffff_ffff ? 1 : id + 1;
}

/** Whether `a` comes before `b` or is it, among ids that are near each other on their circle. */
export function notAfter(a: number, b: number): boolean {
  return ((b - a) >>> 0) < 0x8000_0000;
}
