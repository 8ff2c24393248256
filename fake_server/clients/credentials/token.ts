/**
 * Checks the server's token.
 *
 * @module
 */
import { tokenFlaw } from "../../../src/wire/login.ts";
import { MIN_TOKEN_CHARS } from "../../common/limits.ts";

/**
 * Checks that a token is valid, and long enough not to be guessed.
 *
 * @throws {TypeError} If it is not.
 */
export function checkToken(token: string): void {
  const flaw = tokenFlaw(token);
  if (flaw !== undefined) throw new TypeError(`Cannot use the token: ${flaw}`);
  if (token.length >= MIN_TOKEN_CHARS) return;
  throw new TypeError(
    `Cannot use the token: it has ${token.length} characters and can be guessed; it must have at ` +
      `least ${MIN_TOKEN_CHARS} random ones, as "openssl rand -hex 32" makes`,
  );
}
