/**
 * Reads the files with the server's token, certificate and key, at the start and at each SIGHUP.
 *
 * @module
 */
import { errorText } from "../../common/log.ts";
import type { TlsIdentity } from "../connections/tls_socket.ts";
import { readTokenFile } from "./token_file.ts";

/** The paths of the files, as far as they are given. */
export interface SecretFiles {
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/** The content of the files. */
export interface Secrets {
  token: string | undefined;
  tls: TlsIdentity | undefined;
}

/**
 * Reads the files.
 *
 * @throws {TypeError} If there is a certificate without a key, or a key without a certificate.
 * @throws {Error} If one cannot be read, or if other users can read the token.
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
