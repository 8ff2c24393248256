/**
 * The server's side of a login (PROTOCOL.md, "Login"), and the tokens of outputstreams.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { type Frame, frameBytes } from "../../../src/wire/frame.ts";
import { isSameSecret, newNonce, proofMessage, type ProofRole } from "../../../src/wire/login.ts";
import { type Challenge, MessageType } from "../../../src/wire/messages.ts";
import { controlBody } from "../../common/control.ts";

/** The proofs that a session keeps from its login. */
export interface LoginProofs {
  /** Proves to the client that the server knows the token. */
  server: string;
  /** The proof that the client's outputstream must send. */
  output: string;
}

/** One client's login: a challenge, and its only correct answer. */
export class ServerLogin {
  /** The CHALLENGE frame to send. */
  readonly challenge: Uint8Array;
  readonly #token: string;
  readonly #hello: Uint8Array;

  /** Makes the challenge for a CLIENT_HELLO. */
  constructor(token: string, { type, flags, id, body }: Frame) {
    this.#token = token;
    this.#hello = frameBytes(type, flags, id, body);
    const nonce: Challenge = { nonce: newNonce() };
    this.challenge = frameBytes(MessageType.CHALLENGE, 0, 0, controlBody(nonce));
  }

  /** Returns the session's proofs, if `proof` shows that the client knows the token. */
  accept(proof: string): LoginProofs | undefined {
    if (!isSameSecret(proof, this.#proof("client"))) return undefined;
    return { server: this.#proof("server"), output: this.#proof("output") };
  }

  #proof(role: ProofRole): string {
    const message = proofMessage(role, this.#hello, this.challenge);
    return createHmac("sha256", this.#token).update(message).digest("hex");
  }
}

/** The tokens of outputstreams that have not connected yet. Each token is valid once. */
export class StreamTokens<T> {
  /**
   * Keyed by a digest with a secret key. The time of a lookup depends on its key, and an attacker
   * can't choose these keys.
   */
  readonly #byDigest = new Map<string, { owner: T; proof: string | undefined }>();
  readonly #key = randomBytes(32);

  /** Makes a token for `owner`. If there is a `proof`, the outputstream must send that, too. */
  issue(owner: T, proof: string | undefined): string {
    const token = crypto.randomUUID().replaceAll("-", "");
    this.#byDigest.set(this.#digest(token), { owner, proof });
    return token;
  }

  /** Returns the owner of a token, and makes the token invalid. */
  claim(token: string, proof: string | undefined): T | undefined {
    const digest = this.#digest(token);
    const found = this.#byDigest.get(digest);
    if (found === undefined) return undefined;
    // Someone who has only seen the token must not be able to use it up.
    if (found.proof !== undefined && !isSameSecret(proof ?? "", found.proof)) return undefined;
    this.#byDigest.delete(digest);
    return found.owner;
  }

  /** Makes a token invalid. */
  revoke(token: string): void {
    this.#byDigest.delete(this.#digest(token));
  }

  #digest(token: string): string {
    return createHmac("sha256", this.#key).update(token).digest("base64");
  }
}
