/**
 * Makes listening sockets, TCP and unix.
 *
 * @module
 */
import { formatAddress } from "../../../src/common/address.ts";
import type { Address, UnixAddress } from "../../../src/common/address.ts";
import { errorText } from "../../common/log.ts";
import { parseBindAddress } from "./bind_address.ts";

/** A listening socket. */
export interface Bound {
  readonly listener: Deno.Listener<Deno.Conn>;
  /** Its address, with the actual port. */
  readonly address: Address;
  /** Closes it, and removes the file of a unix socket. */
  close(): void;
}

/** How many connections may wait in the kernel. */
const BACKLOG = 511;

/** The umask for a unix socket: only its owner may connect. */
const OWNER_ONLY = 0o177;

/**
 * Binds an address.
 *
 * @throws {Error} If it is in use, or can't be bound.
 */
export async function listen(addr: string): Promise<Bound> {
  const address = parseBindAddress(addr);
  try {
    return "path" in address ? await listenUnix(address) : listenTcp(address);
  } catch (error) {
    const inUse = error instanceof Deno.errors.AddrInUse;
    throw new Error(`Cannot listen on ${addr}: ${inUse ? "it is in use" : errorText(error)}`);
  }
}

function listenTcp(address: { hostname: string; port: number }): Bound {
  const listener = Deno.listen({ ...address, tcpBacklog: BACKLOG });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  return { listener, address: { hostname, port }, close: () => listener.close() };
}

async function listenUnix(address: UnixAddress): Promise<Bound> {
  if (await isAbandoned(address)) await Deno.remove(address.path);
  const listener = bindForOwner(address);
  // Deno removes the file when the listener closes.
  return { listener, address, close: () => listener.close() };
}

/**
 * Listens with a umask, so that nobody else can connect at any time. A chmod would come too late.
 */
function bindForOwner(address: UnixAddress): Deno.Listener<Deno.Conn> {
  const before = Deno.umask(OWNER_ONLY);
  try {
    return Deno.listen({ transport: "unix", path: address.path });
  } finally {
    Deno.umask(before);
  }
}

/** Whether there is a socket without a server, because that was killed. */
async function isAbandoned(address: UnixAddress): Promise<boolean> {
  if (lstat(address)?.isSocket !== true) return false;
  try {
    const connection = await Deno.connect({ transport: "unix", path: address.path });
    connection.close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw new Error(`${formatAddress(address)} cannot be asked: ${errorText(error)}`);
  }
}

function lstat({ path }: UnixAddress): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
