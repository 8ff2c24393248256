/**
 * Addresses of servers, as users write them.
 *
 * @module
 */
import { shown } from "./given.ts";

/** A TCP address. */
export interface HostAddress {
  /** A host name, an IPv4 address, or an IPv6 address without its brackets. */
  hostname: string;
  port: number;
}

/** A unix domain socket on this machine. */
export interface UnixAddress {
  path: string;
}

/** An address to dial. */
export type Address = HostAddress | UnixAddress;

/**
 * Parses an address: `host:port`, `[ipv6]:port`, a host alone with the port 9000, or `unix:/path`.
 *
 * @throws {TypeError} If it is not an address.
 */
export function parseAddress(addr: string): Address {
  const fail = (why: string): never => {
    throw new TypeError(
      `Cannot open a session: the address ${shown(addr)} ${why}; ` +
        `write it as "localhost:9000", "[::1]:9000" or "unix:/path"`,
    );
  };
  if (typeof addr !== "string") return fail("is no string");
  const unix = unixAddress(addr);
  if (unix !== undefined) return unix;
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?$/.exec(addr);
  if (match === null) return fail("is not of the form host:port");
  const port = match[3] === undefined ? 9000 : Number(match[3]);
  if (port < 1 || port > 65_535) return fail(`has a port outside 1 to 65535`);
  return { hostname: (match[1] ?? match[2])!, port };
}

/** Parses the address of a unix domain socket with an absolute path; undefined if it is another. */
export function unixAddress(addr: string): UnixAddress | undefined {
  return /^unix:\/[^\0]*$/.test(addr) ? { path: addr.slice("unix:".length) } : undefined;
}

/** Formats an address as users write it. */
export function formatAddress(address: Address): string {
  if ("path" in address) return `unix:${address.path}`;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * The address of the outputstream: that of the server's hello, as seen from the mainstream's.
 *
 * @throws {TypeError} If it is not an address, or one that the server may not send the client to.
 */
export function outputAddress(given: string, main: Address): Address {
  // Without a host it is the one that the mainstream has dialled.
  if (given.startsWith(":") && "hostname" in main) {
    return parseAddress(formatAddress({ ...main, port: Number(given.slice(1)) }));
  }
  const address = parseAddress(given);
  // A server on another machine must not send the client to unix sockets of this one.
  if ("path" in address === "path" in main) return address;
  throw new TypeError(
    `Cannot go to ${shown(given)} for the output of ${
      formatAddress(main)
    }: both streams are unix ` +
      `sockets, or neither`,
  );
}
