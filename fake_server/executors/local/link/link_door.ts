/**
 * The unix socket where a new Python process connects (LINK.md, "Start"): once for the link, and once
 * for requests. Only a connection that knows the secret is accepted.
 *
 * @module
 */
import type { Frame } from "../../../../src/wire/frame.ts";
import { FrameReader } from "../../../../src/wire/frame_reader.ts";
import { MAX_HELLO_BODY_BYTES } from "../../../../src/wire/limits.ts";
import type { PythonInfo } from "../../executor.ts";
import { LinkType, opensWith, parseReady } from "./link.ts";
import { RequestType } from "./requests.ts";

/** The connections of a python process, and what READY said. */
export interface Arrival {
  link: Deno.UnixConn;
  requests: Deno.UnixConn;
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
   * Waits until the process has connected twice. Connections that do not know the secret are ignored.
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
