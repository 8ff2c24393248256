/**
 * SIGHUP: the program reads its files again, and goes on with what they have now.
 *
 * @module
 */
import { readSecretFiles, type SecretFiles } from "./clients/credentials/secret_files.ts";
import { errorText, type Log } from "./common/log.ts";
import type { PyProxyServer } from "./server.ts";

/** Reads the files as the start has done. Where one cannot be used, all stays as it was. */
export function reloadFiles(server: PyProxyServer, files: SecretFiles, log: Log): void {
  if (Object.values(files).every((path) => path === undefined)) {
    log.info("nothing to reload: there is neither a token file nor a TLS certificate");
    return;
  }
  try {
    server.reload(readSecretFiles(files));
  } catch (error) {
    log.error("configuration not reloaded", { error: errorText(error) });
  }
}
