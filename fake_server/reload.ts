/**
 * Handles SIGHUP: reads the program's files again and uses their new content.
 *
 * @module
 */
import { readSecretFiles, type SecretFiles } from "./clients/credentials/secret_files.ts";
import { errorText, type Log } from "./common/log.ts";
import type { PyProxyServer } from "./server.ts";

/** Reads the files as at the start. If one of them can't be used, nothing changes. */
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
