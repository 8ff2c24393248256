/**
 * The files that have the server's token, certificate and key: read at the start, and again at each
 * SIGHUP.
 *
 * @module
 */
import { errorText } from "../../common/log.ts";
import type { TlsIdentity } from "../connections/tls_socket.ts";
import { readTokenFile } from "./token_file.ts";

/** Their paths, where they were named. */
export interface SecretFiles {
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/** What they have. */
export interface Secrets {
  token: string | undefined;
  tls: TlsIdentity | undefined;
}

/**
 * Reads them.
 *
 * @throws {TypeError} If there is a certificate without a key, or the other way round.
 * @throws {Error} If one cannot be read, or others can read the token.
 */
export function readSecretFiles({ token, cert, key }: SecretFiles): Secrets {
  return {
    token: token === undefined ? undefined : readTokenFile(token),
    tls: readIdentity(cert, key),
  };
}

function readIdentity(cert?: string, key?: string): TlsIdentity | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new TypeError("Cannot talk TLS: both --tls-cert and --tls-key are needed");
  }
  return { cert: readPem(cert), key: readPem(key) };
}

function readPem(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`Cannot read ${path} for TLS: ${errorText(error)}`);
  }
}
