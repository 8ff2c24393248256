/**
 * The client's side of a login, without IO: it answers the challenge, and checks the server's
 * proof.
 *
 * @module
 */
import { type Frame, frameBytes } from "../wire/frame.ts";
import { MAX_HELLO_BODY_BYTES } from "../wire/limits.ts";
import { isSameSecret, type ProofRole } from "../wire/login.ts";
import type { ServerHello } from "../wire/messages.ts";
import { parseChallenge } from "../wire/parse.ts";
import { readControl, RuleBroken } from "./rules.ts";

/** The two frames that a proof signs, as they were sent. */
export interface Transcript {
  hello: Uint8Array;
  challenge: Uint8Array;
}

/** The proofs of one connection: those to send, and the one that the server must send. */
export type Proofs = Record<ProofRole, string>;

/** Thrown when one end cannot prove itself to the other. */
export class Unproven extends Error {
  /** "Unproven". */
  override name = "Unproven";
}

/** The login of one session. Without a token there is none. */
export class Login {
  readonly #hasToken: boolean;
  /** CLIENT_HELLO as it was sent. */
  #hello: Uint8Array | undefined;
  #challenged = false;
  #proofs: Proofs | undefined;

  /** Makes the login of a client with or without a token. */
  constructor(hasToken: boolean) {
    this.#hasToken = hasToken;
  }

  /** Takes CLIENT_HELLO as it was sent. */
  said(hello: Uint8Array): void {
    this.#hello = hello;
  }

  /**
   * Takes a CHALLENGE.
   *
   * @returns The frames that the proofs sign.
   * @throws {RuleBroken} If the message is malformed, or not the first one.
   * @throws {Unproven} If there is no token to answer it with.
   */
  challenge(frame: Frame): Transcript {
    if (this.#challenged) throw new RuleBroken("the server sent a second CHALLENGE");
    this.#challenged = true;
    readControl(frame, parseChallenge, MAX_HELLO_BODY_BYTES);
    if (!this.#hasToken) throw new Unproven("the server asks for a token, and none was given");
    const challenge = frameBytes(frame.type, frame.flags, frame.id, frame.body);
    return { hello: this.#hello!, challenge };
  }

  /** Takes the computed proofs. */
  computed(proofs: Proofs): void {
    this.#proofs = proofs;
  }

  /** The proof for the outputstream, after a login. */
  get outputProof(): string | undefined {
    return this.#proofs?.output;
  }

  /** What to add to the server's message about a failed login, which does not say why. */
  hint(code: string): string {
    return code === "AUTHENTICATION" && !this.#hasToken ? " (none was given)" : "";
  }

  /**
   * Checks the proof in SERVER_HELLO.
   *
   * @throws {Unproven} If the server has not proven that it knows the token.
   */
  check({ proof }: ServerHello): void {
    if (!this.#hasToken) return;
    if (proof === undefined) {
      throw new Unproven(
        "a token was given, but the server asks for none, so it has not proven who it is",
      );
    }
    if (this.#proofs === undefined || !isSameSecret(proof, this.#proofs.server)) {
      throw new Unproven("the server has not proven that it knows the token");
    }
  }
}
