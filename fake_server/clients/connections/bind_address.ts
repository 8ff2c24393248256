/**
 * Parses addresses to listen on, and tells which of them only this machine can reach.
 *
 * @module
 */
import { formatAddress, unixAddress } from "../../../src/common/address.ts";
import type { Address } from "../../../src/common/address.ts";

/**
 * Parses `host:port`, `[ipv6]:port`, `:port` for all interfaces, or `unix:/path`.
 *
 * @throws {TypeError} If it is none of these.
 */
export function parseBindAddress(text: string): Address {
  const unix = unixAddress(text);
  if (unix !== undefined) return unix;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new TypeError(
      `Cannot use the address "${text}": it must be host:port, as 127.0.0.1:9000 or [::1]:9000, ` +
        `or unix:/path`,
    );
  }
  return { hostname: match[1] ?? (match[2] || "0.0.0.0"), port };
}

/** Whether only this machine can reach the address. */
export function isLocal(address: Address): boolean {
  if ("path" in address) return true;
  const { hostname } = address;
  return hostname === "localhost" || hostname === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** Whether the host means all interfaces. */
function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || /^[0:]+$/.test(hostname);
}

/** The address for outputstreams that clients of `main` get in the hello. */
export function announcedAddress(output: Address, main: Address): string {
  if ("path" in output || "path" in main) return formatAddress(output);
  // A client that reached us under some host name reaches our other port under the same name.
  return output.hostname === main.hostname || isUnspecified(output.hostname)
    ? `:${output.port}`
    : formatAddress(output);
}
