/**
 * Where a new python process comes in: the unix socket of its link (LINK.md, "Start"), which takes
 * whoever tells the secret.
 *
 * @module
 */
import type { Frame } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_HELLO_BODY_BYTES } from "../../../src/wire/limits.ts";
import type { PythonInfo } from "../executor.ts";
import { LinkType, parseReady } from "./link.ts";

/** A link, and what READY said on it. */
export interface Arrival {
  link: Deno.UnixConn;
  info: PythonInfo;
}

/** The door of one python process. */
export class LinkDoor implements Disposable {
  /** What the process has to tell. */
  readonly secret: string = crypto.getRandomValues(new Uint8Array(16)).toHex();
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();

  /** Opens it at `path`, where nothing may be yet. */
  constructor(path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
  }

  /**
   * Waits until the process is there. What does not know the secret is not it, and may still come
   * before it.
   *
   * @throws {Error} If a message breaks the rules, or the door is closed.
   */
  async arrival(): Promise<Arrival> {
    for (;;) {
      const connection = await this.#listener.accept();
      this.#connections.add(connection);
      const frame = await readFirst(connection);
      const info = frame?.type === LinkType.READY ? parseReady(frame.body, this.secret) : undefined;
      if (info === undefined) continue;
      this.#connections.delete(connection);
      return { link: connection, info };
    }
  }

  /** Closes it, with all that have come in and are not the process. */
  [Symbol.dispose](): void {
    for (const resource of [this.#listener, ...this.#connections]) {
      try {
        resource.close();
      } catch (error) {
        // Closed before.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
    this.#connections.clear();
  }
}

/** Reads the first frame of a connection, if there is one. */
async function readFirst(connection: Deno.UnixConn): Promise<Frame | undefined> {
  const reader = new FrameReader(MAX_HELLO_BODY_BYTES);
  for (;;) {
    const count = await connection.read(reader.space());
    if (count === null) return undefined;
    const [frame] = reader.filled(count);
    if (frame !== undefined) return frame;
  }
}
