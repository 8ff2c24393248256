/**
 * The unix socket where a new Python process connects (LINK.md, "Start"). Only a connection that
 * knows the secret is accepted.
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

/** The door of one Python process. */
export class LinkDoor implements Disposable {
  /** The secret that the process has to send. */
  readonly secret: string = crypto.getRandomValues(new Uint8Array(16)).toHex();
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();

  /** Opens it at `path`, which must not exist. */
  constructor(path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
  }

  /**
   * Waits until the process has connected. Connections that do not know the secret are ignored.
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

  /** Closes it, and all connections but that of the process. */
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
