/**
 * What both ends of a login have in common (PROTOCOL.md, "Login"): what is signed, and how proofs
 * are compared. The key is the token; it never travels.
 *
 * @module
 */
import { NONCE_BYTES } from "./limits.ts";

/** Whose proof it is: one of the three can never pass for another. */
export type ProofRole = "client" | "server" | "output";

/** A nonce or a proof: 32 bytes as hexadecimal digits. */
const HEX_32 = /^[0-9a-f]{64}$/;

/** Makes a fresh nonce. */
export function newNonce(): string {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toHex();
}

/** Whether a text has the form of a nonce. */
export function isNonce(text: string): boolean {
  return HEX_32.test(text);
}

/**
 * The message whose HMAC-SHA-256 under the token is a proof: who proves, and both frames of the
 * challenge as they travelled. Each end has put a nonce into one of them, so that no proof is good
 * for another connection.
 */
export function proofMessage(
  role: ProofRole,
  hello: Uint8Array,
  challenge: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(role);
  const message = new Uint8Array(name.length + hello.length + challenge.length);
  message.set(name);
  // A frame begins with a zero byte: the role ends there.
  message.set(hello, name.length);
  message.set(challenge, name.length + hello.length);
  return message;
}

/**
 * Compares what a peer gave with what only a friend can know, in a time that says nothing of how
 * much of it was right. The one place where secrets are compared.
 */
export function isSameSecret(given: string, expected: string): boolean {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  }
  return difference === 0;
}

/**
 * Says what is wrong with a token, without showing it; undefined if nothing is. Visible ASCII only,
 * so that no end of line, encoding or normal form can make two of one token.
 */
export function tokenFlaw(token: unknown): string | undefined {
  if (typeof token !== "string") return "the token is no string";
  if (token === "") return "the token is empty";
  if (/^[\x21-\x7e]+$/.test(token)) return undefined;
  return "the token has a character that is no visible ASCII one, such as a space or an end of line";
}
