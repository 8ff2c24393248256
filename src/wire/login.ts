/**
 * What both ends of a login share (PROTOCOL.md, "Login"): what a proof signs, and how proofs are
 * compared. The key is the token, which is never sent.
 *
 * @module
 */
import { NONCE_BYTES } from "./limits.ts";

/** Whose proof it is. A proof of one role is wrong for the others. */
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
 * The message whose HMAC-SHA-256 with the token as the key is a proof: the role, and both frames of
 * the challenge as they were sent. Each end has put a nonce into one of them, so a proof is valid
 * for one connection only.
 */
export function proofMessage(
  role: ProofRole,
  hello: Uint8Array,
  challenge: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(role);
  const message = new Uint8Array(name.length + hello.length + challenge.length);
  message.set(name);
  // A frame begins with a zero byte, which ends the role.
  message.set(hello, name.length);
  message.set(challenge, name.length + hello.length);
  return message;
}

/**
 * Compares a secret that a peer gave with the expected one, in constant time. All secrets are
 * compared here.
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
 * What is wrong with a token, without showing it; undefined if nothing is. Only visible ASCII is
 * allowed, so that line ends, encodings and normal forms cannot make two tokens of one.
 */
export function tokenFlaw(token: unknown): string | undefined {
  if (typeof token !== "string") return "the token is not a string";
  if (token === "") return "the token is empty";
  if (/^[\x21-\x7e]+$/.test(token)) return undefined;
  return "the token has a character that is not visible ASCII, such as a space or an end of line";
}
