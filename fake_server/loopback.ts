/**
 * Addresses to listen on, and which of them only this machine can reach.
 *
 * @module
 */
import type { Address } from "../src/transport/transport.ts";

/**
 * Reads `host:port`, `[ipv6]:port`, or `:port` for all interfaces.
 *
 * @throws {TypeError} If it is none of these.
 */
export function parseBindAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new TypeError(
      `Cannot use the address "${text}": it must be host:port, as 127.0.0.1:9000 or [::1]:9000`,
    );
  }
  return { hostname: match[1] ?? (match[2] || "0.0.0.0"), port };
}

/** `host:port`, an IPv6 host in brackets. */
export function formatBindAddress({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether only this machine can reach the host. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** Whether the host stands for all interfaces. */
export function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || /^[0:]+$/.test(hostname);
}
