// Servers behind every kind of door, in a process of their own: see programs.ts.
import { startDoors } from "./doors.ts";

await using doors = await startDoors();
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(doors) + "\n"));
// They are there until a line comes.
await Deno.stdin.read(new Uint8Array(1));
