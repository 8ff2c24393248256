/**
 * How to start a Python process.
 *
 * @module
 */
import type { KeptBuffers } from "../../common/kept_buffers.ts";

/** How to start a Python process. */
export interface ProcessOptions {
  /** The interpreter. */
  python: string;
  /** The private directory, and `main.py` in it. */
  directory: string;
  main: string;
  /** Tells the files of this process from those of others in the directory. */
  name: string;
  startMs: number;
  /** In bytes; 0 is no limit. */
  memoryLimit: number;
  env: Record<string, string>;
  /** Used buffers, for large results. */
  buffers: KeptBuffers;
  /** Gives the start up. */
  signal: AbortSignal;
}
