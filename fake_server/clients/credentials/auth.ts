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

/** What a session keeps of its login. */
export interface LoginProofs {
  /** What proves the server to its client. */
  server: string;
  /** What the client's outputstream has to show. */
  output: string;
}

/** One client's login: a challenge, and the only answer to it. */
export class ServerLogin {
  /** The CHALLENGE frame to send. */
  readonly challenge: Uint8Array;
  readonly #token: string;
  readonly #hello: Uint8Array;

  /** Answers this CLIENT_HELLO. */
  constructor(token: string, { type, flags, id, body }: Frame) {
    this.#token = token;
    this.#hello = frameBytes(type, flags, id, body);
    const nonce: Challenge = { nonce: newNonce() };
    this.challenge = frameBytes(MessageType.CHALLENGE, 0, 0, controlBody(nonce));
  }

  /** The session's proofs, if `proof` is the one of a client that knows the token. */
  accept(proof: string): LoginProofs | undefined {
    if (!isSameSecret(proof, this.#proof("client"))) return undefined;
    return { server: this.#proof("server"), output: this.#proof("output") };
  }

  #proof(role: ProofRole): string {
    const message = proofMessage(role, this.#hello, this.challenge);
    return createHmac("sha256", this.#token).update(message).digest("hex");
  }
}

/** Tokens of outputstreams that have not come: each is good once. */
export class StreamTokens<T> {
  /**
   * They are found by a keyed digest: a search takes different times for different keys, and of
   * these nobody outside can make one on purpose.
   */
  readonly #byDigest = new Map<string, { owner: T; proof: string | undefined }>();
  readonly #key = randomBytes(32);

  /** Makes a token for `owner`; with a `proof`, that has to come along. */
  issue(owner: T, proof: string | undefined): string {
    const token = crypto.randomUUID().replaceAll("-", "");
    this.#byDigest.set(this.#digest(token), { owner, proof });
    return token;
  }

  /** Whose token it is, which is used up by that. */
  claim(token: string, proof: string | undefined): T | undefined {
    const digest = this.#digest(token);
    const found = this.#byDigest.get(digest);
    if (found === undefined) return undefined;
    // Whoever has only seen the token must not be able to use it up.
    if (found.proof !== undefined && !isSameSecret(proof ?? "", found.proof)) return undefined;
    this.#byDigest.delete(digest);
    return found.owner;
  }

  /** It is good no more. */
  revoke(token: string): void {
    this.#byDigest.delete(this.#digest(token));
  }

  #digest(token: string): string {
    return createHmac("sha256", this.#key).update(token).digest("base64");
  }
}
