/**
 * Computes the client's proofs of a login. It has a file of its own because WebCrypto is
 * asynchronous, and the core of the protocol is not.
 *
 * @module
 */
import { proofMessage, type ProofRole } from "../wire/login.ts";
import type { Proofs, Transcript } from "./login.ts";

/** Computes all proofs of a connection. */
export async function proofsOf(
  token: string,
  { hello, challenge }: Transcript,
): Promise<Proofs> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(token);
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const proof = async (role: ProofRole): Promise<string> => {
    const message = proofMessage(role, hello, challenge);
    return new Uint8Array(await crypto.subtle.sign(algorithm.name, key, message)).toHex();
  };
  const [client, server, output] = await Promise.all([
    proof("client"),
    proof("server"),
    proof("output"),
  ]);
  return { client, server, output };
}
