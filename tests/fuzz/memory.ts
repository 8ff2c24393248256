/**
 * What this process and others hold: memory, connections (Linux).
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

/** What is still held after garbage has been collected: by JavaScript, and by its buffers. */
export function heldBytes(): number {
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** The most a run has taken, looked at now and then. */
export class Peak {
  bytes = 0;

  /** Looks. */
  look(): void {
    this.bytes = Math.max(this.bytes, Deno.memoryUsage().rss);
  }
}

/** The memory of a process that is in use, in bytes. */
export function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)![1]) * 1024;
}

/** How many TCP connections a process has open, in whichever state. */
export function connections(pid: number): number {
  const table = Deno.readTextFileSync(`/proc/${pid}/net/tcp`).trim().split("\n").slice(1);
  const rows = table.map((line) => line.trim().split(/\s+/));
  const inodes = new Set(rows.filter(([, , , state]) => state !== LISTEN).map((row) => row[9]));
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`))?.[1];
    if (inode !== undefined && inodes.has(inode)) count++;
  }
  return count;
}

/** The state of a socket that listens, in /proc/net/tcp. */
const LISTEN = "0A";

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return ""; // it was closed meanwhile
    throw error;
  }
}

/** Bytes as MiB, for a report. */
export function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
