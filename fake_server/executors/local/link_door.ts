/**
 * Where a new python process comes in: the unix socket of its link (LINK.md, "Start"), which takes
 * whoever tells the secret: once for the link, and once for requests.
 *
 * @module
 */
import type { Frame } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_HELLO_BODY_BYTES } from "../../../src/wire/limits.ts";
import { LinkType, opensWith, parseReady, type PythonInfo } from "./link.ts";
import { RequestType } from "./requests.ts";

/** The connections of a python process, and what READY said. */
export interface Arrival {
  link: Deno.UnixConn;
  requests: Deno.UnixConn;
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
   * Waits until the process is there, with both its connections. What does not know the secret is not
   * it, and may still come before it.
   *
   * @throws {Error} If a message breaks the rules, or the door is closed.
   */
  arrival(): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      const arrived: Partial<Arrival> = {};
      const enter = async (connection: Deno.UnixConn): Promise<void> => {
        this.#connections.add(connection);
        const frame = await readFirst(connection);
        if (frame?.type === RequestType.OPEN && opensWith(frame.body, this.secret)) {
          arrived.requests = connection;
        } else if (frame?.type === LinkType.READY) {
          arrived.info = parseReady(frame.body, this.secret);
          if (arrived.info !== undefined) arrived.link = connection;
        }
        if (!isWhole(arrived)) return;
        this.#connections.delete(arrived.link);
        this.#connections.delete(arrived.requests);
        resolve(arrived);
      };
      const accept = async (): Promise<void> => {
        // It ends with the listener.
        for (;;) enter(await this.#listener.accept()).catch(reject);
      };
      accept().catch(reject);
    });
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

function isWhole(arrived: Partial<Arrival>): arrived is Arrival {
  return arrived.link !== undefined && arrived.requests !== undefined;
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
