/**
 * The client's side of a login, without IO: what it may be asked, and whether the server has proven
 * itself.
 *
 * @module
 */
import { type Frame, frameBytes } from "../wire/frame.ts";
import { MAX_HELLO_BODY_BYTES } from "../wire/limits.ts";
import { isSameSecret, type ProofRole } from "../wire/login.ts";
import type { ServerHello } from "../wire/messages.ts";
import { parseChallenge } from "../wire/parse.ts";
import { readControl, RuleBroken } from "./rules.ts";

/** The two frames that a proof is about, as they travelled. */
export interface Transcript {
  hello: Uint8Array;
  challenge: Uint8Array;
}

/** The proofs of one connection: what to send, and what the server has to send. */
export type Proofs = Record<ProofRole, string>;

/** Thrown when one end cannot prove itself to the other. */
export class Unproven extends Error {
  /** "Unproven". */
  override name = "Unproven";
}

/** One login; of a client without a token, the lack of one. */
export class Login {
  readonly #hasToken: boolean;
  /** CLIENT_HELLO as it was sent. */
  #hello: Uint8Array | undefined;
  #challenged = false;
  #proofs: Proofs | undefined;

  /** Makes one. */
  constructor(hasToken: boolean) {
    this.#hasToken = hasToken;
  }

  /** CLIENT_HELLO has been sent. */
  said(hello: Uint8Array): void {
    this.#hello = hello;
  }

  /**
   * A CHALLENGE has come.
   *
   * @returns What to compute the proofs of.
   * @throws {RuleBroken} If it is not what it must be.
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

  /** The proofs are computed. */
  computed(proofs: Proofs): void {
    this.#proofs = proofs;
  }

  /** The outputstream's proof, after a login. */
  get outputProof(): string | undefined {
    return this.#proofs?.output;
  }

  /** What to add to the server's word for a failed login: it has one for all of them. */
  hint(code: string): string {
    return code === "AUTHENTICATION" && !this.#hasToken ? " (none was given)" : "";
  }

  /**
   * SERVER_HELLO has come.
   *
   * @throws {Unproven} If the server does not know the token that it has to know.
   */
  check({ proof }: ServerHello): void {
    if (!this.#hasToken) return;
    if (proof === undefined) {
      throw new Unproven("a token was given, and the server has none: it may be anybody's");
    }
    if (this.#proofs === undefined || !isSameSecret(proof, this.#proofs.server)) {
      throw new Unproven("the server has not proven that it knows the token");
    }
  }
}
