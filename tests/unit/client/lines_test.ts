import { assertEquals } from "@std/assert";
import { type OutputLine, OutputReader } from "../../../src/api/output.ts";
import { Lines } from "../../../src/main_thread/lines.ts";

const chunk = (id: number, fd: 1 | 2, bytes: Uint8Array<ArrayBuffer>) =>
  ({ kind: "chunk", chunk: { id, fd, bytes }, taken: () => {} }) as const;

Deno.test("Lines gives the same lines at every split of the bytes", () => {
  const text = "eins\n\nzwei ü 😀\n\ufeffdrei\r\nvier";
  const bytes = new TextEncoder().encode(text);
  for (let step = 1; step <= bytes.length; step++) {
    const lines = new Lines();
    const got: OutputLine[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      got.push(...lines.items(chunk(1, 1, bytes.slice(at, at + step))));
    }
    got.push(...lines.items({ kind: "end", id: 1 }));
    assertEquals(got.map(({ line }) => line), text.split("\n"), `in steps of ${step}`);
  }
});

/** What came, at every split of the text: the same at each. */
function atEverySplit(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  let first: string[] | undefined;
  for (let step = 1; step <= bytes.length; step++) {
    const lines = new Lines();
    const items: OutputLine[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      items.push(...lines.items(chunk(1, 1, bytes.slice(at, at + step))));
    }
    items.push(...lines.items({ kind: "end", id: 1 }));
    const got = items.map(({ line, partial }) => partial ? `${line}...` : line);
    assertEquals(got, first ??= got, `in steps of ${step}`);
  }
  return first!;
}

Deno.test("Lines gives what a carriage return overwrites, at every split the same", () => {
  assertEquals(atEverySplit("10\r20\rdone\n"), ["10...", "20...", "done"]);
  assertEquals(atEverySplit("\r 10 %\r 20 %\nend"), [" 10 %...", " 20 %", "end"]);
  assertEquals(atEverySplit("a\r\r\rb\n"), ["a...", "b"]);
  assertEquals(atEverySplit("a\r\nb\r\n"), ["a\r", "b\r"]);
  assertEquals(atEverySplit("10\r"), ["10\r"]);
});

Deno.test("Lines tells what was overwritten before the line that overwrites it has an end", () => {
  const lines = new Lines();
  const encode = (text: string) => new TextEncoder().encode(text);
  assertEquals(lines.items(chunk(1, 1, encode("10\r"))), []);
  const partial = true;
  assertEquals(lines.items(chunk(1, 1, encode("20"))), [{ id: 1, fd: 1, line: "10", partial }]);
});

Deno.test("Lines shows lines that grow, if asked to, and counts none of their bytes twice", () => {
  const lines = new Lines(true);
  const partial = true;
  const say = (text: string) => lines.items(chunk(1, 1, new TextEncoder().encode(text)));
  const [first] = say("10\r");
  assertEquals(first, { id: 1, fd: 1, line: "10", partial });
  assertEquals(lines.size(first!), 0);
  assertEquals([...lines.held()], [[1, 3]]);
  assertEquals(say("lo").map(({ line }) => line), ["10", "lo"]);
  assertEquals(say("ad"), [{ id: 1, fd: 1, line: "load", partial }]);
  assertEquals(say("ed\n"), [{ id: 1, fd: 1, line: "loaded" }]);
  assertEquals(say("x".repeat(20_000)), []);
});

Deno.test("Lines keeps descriptors and evals apart", () => {
  const lines = new Lines();
  const encode = (text: string) => new TextEncoder().encode(text);
  assertEquals(lines.items(chunk(1, 1, encode("a"))), []);
  assertEquals(lines.items(chunk(1, 2, encode("b\n"))), [{ id: 1, fd: 2, line: "b" }]);
  assertEquals(lines.items(chunk(2, 1, encode("c\n"))), [{ id: 2, fd: 1, line: "c" }]);
  assertEquals([...lines.held()].filter(([, bytes]) => bytes > 0), [[1, 1]]);
  assertEquals(lines.items({ kind: "end", id: 1 }), [{ id: 1, fd: 1, line: "a" }]);
  assertEquals(lines.items({ kind: "end", id: 2 }), []);
});

Deno.test("Lines shows bytes that are no UTF-8 as U+FFFD", () => {
  const lines = new Lines();
  assertEquals(lines.items(chunk(1, 1, new Uint8Array([0x61, 0xff, 0x0a]))), [
    { id: 1, fd: 1, line: "a\ufffd" },
  ]);
});

Deno.test("OutputReader counts what was not given out when it is left", async () => {
  const left: [number, number][] = [];
  const reader = new OutputReader(new Lines(), (unread) => left.push(...unread));
  reader.push(chunk(1, 1, new TextEncoder().encode("ab\ncd\nef")));
  reader.push(chunk(1, 1, new TextEncoder().encode("gh\n")));
  assertEquals((await reader.next()).value?.line, "ab");
  await reader.return();
  // "cd\n", the held "ef" and the chunk that was not looked at.
  assertEquals(left, [[1, 3 + 2 + 3]]);
  assertEquals(await reader.next(), { done: true, value: undefined });
});

Deno.test("OutputReader gives what has come before it throws the error it ended with", async () => {
  const reader = new OutputReader(new Lines(), () => {});
  reader.push(chunk(1, 1, new TextEncoder().encode("ab\n")));
  reader.end(new RangeError("lost"));
  assertEquals((await reader.next()).value?.line, "ab");
  assertEquals(await reader.next().catch((error) => error.message), "lost");
  assertEquals((await reader.next()).done, true);
});
