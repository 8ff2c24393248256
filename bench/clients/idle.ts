/**
 * A program that holds sessions open and does nothing with them: `idle.ts ADDR COUNT`. It prints a
 * line when they are open, and ends when its stdin does.
 *
 * @module
 */
import { RawSession } from "../../tests/raw_client.ts";
import { print } from "../rounds.ts";

/** Handshakes under way at a time. */
const AT_ONCE = 16;

const [addr, count] = Deno.args;
let left = Number(count);
const sessions: RawSession[] = [];
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  while (left-- > 0) sessions.push(await RawSession.connect(addr!));
}));
print("open\n");
await Deno.stdin.readable.pipeTo(new WritableStream());
for (const session of sessions) session.close();
