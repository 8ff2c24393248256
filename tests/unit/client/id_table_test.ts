import { assert, assertEquals } from "@std/assert";
import { IdTable } from "../../../src/protocol/id_table.ts";

interface Named {
  name: string;
}

function table(...ids: number[]): IdTable<Named> {
  const table = new IdTable<Named>();
  for (const id of ids) table.add(id, { name: `${id}` });
  return table;
}

Deno.test("IdTable gives what is under an id, once it is taken no more", () => {
  const own = table(1, 2, 3);
  assertEquals(own.get(2)?.name, "2");
  assertEquals(own.take(2)?.name, "2");
  assertEquals(own.get(2), undefined);
  assertEquals(own.take(2), undefined);
  assertEquals(own.ids(), [1, 3]);
  assertEquals(own.size, 2);
});

Deno.test("IdTable finds ids between which others are missing", () => {
  const own = table(3, 4, 9, 10, 4_000_000_000);
  for (const id of [3, 4, 9, 10, 4_000_000_000]) assertEquals(own.get(id)?.name, `${id}`);
  for (const id of [0, 1, 5, 8, 11, 4_000_000_001]) assertEquals(own.get(id), undefined);
  own.take(3);
  for (const id of [4, 9, 10, 4_000_000_000]) assertEquals(own.take(id)?.name, `${id}`);
  assertEquals(own.size, 0);
});

Deno.test("IdTable is empty after clear(), and takes more", () => {
  const own = table(1, 2);
  own.clear();
  assertEquals([own.size, own.ids(), own.get(1), own.takeFirst()], [0, [], undefined, undefined]);
  own.add(3, { name: "3" });
  assertEquals(own.takeFirst()?.name, "3");
  assertEquals(own.size, 0);
});

Deno.test("IdTable agrees with a Map, whatever comes and goes", () => {
  const own = new IdTable<Named>();
  const map = new Map<number, Named>();
  let id = 0;
  let seed = 1;
  const random = (below: number) => (seed = seed * 48271 % 0x7fff_ffff) % below;
  for (let i = 0; i < 20_000; i++) {
    // In turns it grows, and shrinks to nothing.
    const isGrowing = i % 4_000 < 2_000;
    if (random(10) < (isGrowing ? 7 : 3)) {
      id += 1 + (random(20) === 0 ? random(5) : 0);
      const value = { name: `${id}` };
      own.add(id, value);
      map.set(id, value);
    } else {
      const ids = [...map.keys()];
      const taken = random(3) === 0 ? ids[random(ids.length || 1)] ?? id + 1 : ids[0] ?? id + 1;
      assertEquals(own.take(taken), map.get(taken));
      map.delete(taken);
    }
    assertEquals(own.size, map.size);
    if (i % 500 === 0) {
      assertEquals(own.ids(), [...map.keys()]);
      for (const [id, value] of map) assertEquals(own.get(id), value);
    }
  }
});

Deno.test("IdTable does not grow behind a value that stays", () => {
  const own = table(1);
  const before = Deno.memoryUsage().heapUsed;
  const value = { name: "" };
  for (let id = 2; id < 5_000_000; id++) {
    own.add(id, value);
    own.take(id);
  }
  // With a place for each it would take 80 MB.
  const grown = Deno.memoryUsage().heapUsed - before;
  assert(grown < 16 * 1024 * 1024, `it has grown by ${grown} bytes`);
  assertEquals(own.ids(), [1]);
});
