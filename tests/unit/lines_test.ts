import { assertEquals } from "@std/assert";
import { Lines, type OutputLine, OutputReader } from "../../src/output.ts";

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
