/**
 * The first messages of a new connection. They show what it is: a session's mainstream, with a
 * login if the server has a token, or a session's outputstream.
 *
 * @module
 */
import type { Frame } from "../../../src/wire/frame.ts";
import { MAX_HELLO_BODY_BYTES, PROTOCOL_VERSION } from "../../../src/wire/limits.ts";
import { isNonce } from "../../../src/wire/login.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { Control } from "../../common/control.ts";
import { Fault } from "../../common/fault.ts";
import { type LoginProofs, ServerLogin } from "../credentials/auth.ts";
import type { Connection } from "./connection.ts";

/** What a client says in its hello. */
export interface Visitor {
  client: string;
  name: string | undefined;
  /** Whether it wants a Python process of its own. */
  ownProcess: boolean;
  /** The proofs of its login, if the server has a token. */
  proofs: LoginProofs | undefined;
}

/** Takes over connections after their handshake. */
export interface Host {
  /** The server's current token, if it has one. */
  token(): string | undefined;
  /** Takes a mainstream: becomes the connection's receiver, or throws a Fault. */
  hello(connection: Connection, visitor: Visitor): void;
  /** Takes an outputstream, in the same way. */
  outputHello(connection: Connection, token: string, proof: string | undefined): void;
}

/** The handshake of one connection. */
export class Handshake {
  readonly #host: Host;
  #login: { login: ServerLogin; visitor: Visitor } | undefined;

  /** Starts before the first message. */
  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Takes the connection's next frame.
   *
   * @returns Whether the handshake is over and the host has taken the connection.
   * @throws {Fault} If the connection must be closed.
   */
  frame(connection: Connection, frame: Frame): boolean {
    const { type, flags, id, body } = frame;
    if (flags !== 0 || id !== 0) {
      throw new Fault("PROTOCOL", `a message before hello has the flags ${flags} and the id ${id}`);
    }
    if (this.#login !== undefined) return this.#proof(connection, frame, this.#login);
    if (type === MessageType.CLIENT_HELLO) return this.#hello(connection, frame);
    if (type === MessageType.OUTPUT_HELLO) {
      const control = new Control("OUTPUT_HELLO", body, MAX_HELLO_BODY_BYTES);
      const token = control.required("stream_token", "string");
      this.#host.outputHello(connection, token, control.optional("proof", "string"));
      return true;
    }
    throw new Fault(
      "PROTOCOL",
      `the first message must be CLIENT_HELLO or OUTPUT_HELLO, got ${typeText(type)}`,
    );
  }

  #hello(connection: Connection, frame: Frame): boolean {
    const control = new Control("CLIENT_HELLO", frame.body, MAX_HELLO_BODY_BYTES);
    const protocol = control.required("protocol", "number");
    if (protocol !== PROTOCOL_VERSION) {
      throw new Fault(
        "VERSION",
        `the client speaks version ${protocol} of the protocol, this server version ` +
          `${PROTOCOL_VERSION}; update the ${protocol < PROTOCOL_VERSION ? "client" : "server"}`,
      );
    }
    const client = control.required("client", "string");
    const name = control.optional("name", "string");
    const process = control.optional("process", "string");
    if (process !== undefined && process !== "own") {
      throw new Fault("PROTOCOL", `process of CLIENT_HELLO must be "own", got "${process}"`);
    }
    const visitor = { client, name, ownProcess: process === "own", proofs: undefined };
    const token = this.#host.token();
    if (token === undefined) {
      this.#host.hello(connection, visitor);
      return true;
    }
    if (!isNonce(control.optional("nonce", "string") ?? "")) throw notProven();
    const login = new ServerLogin(token, frame);
    this.#login = { login, visitor };
    connection.sendBytes(login.challenge);
    return false;
  }

  #proof(
    connection: Connection,
    { type, body }: Frame,
    { login, visitor }: { login: ServerLogin; visitor: Visitor },
  ): boolean {
    if (type !== MessageType.PROOF) {
      throw new Fault("PROTOCOL", `a CHALLENGE is answered by PROOF, got ${typeText(type)}`);
    }
    const control = new Control("PROOF", body, MAX_HELLO_BODY_BYTES);
    const proofs = login.accept(control.required("proof", "string"));
    if (proofs === undefined) throw notProven();
    this.#host.hello(connection, { ...visitor, proofs });
    return true;
  }
}

/** The same text for every failed login, so that a stranger learns nothing. */
function notProven(): Fault {
  return new Fault("AUTHENTICATION", "the client has not proven that it knows the server's token");
}

function typeText(type: number): string {
  return `type 0x${type.toString(16).padStart(2, "0")}`;
}
