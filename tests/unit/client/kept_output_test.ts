import { assert, assertEquals } from "@std/assert";
import { Blocks, KeptOutput } from "../../../src/worker/kept_output.ts";

const LIMIT = 1024 * 1024;
const BLOCK = 64 * 1024;
/** What keeping a block costs beside its bytes. */
const CHUNK_COST = 64;

Deno.test("KeptOutput keeps small output in little memory, joined as far as it is of one descriptor", () => {
  const kept = new KeptOutput(new Blocks(LIMIT));
  for (let i = 0; i < 100; i++) kept.add(1, new Uint8Array(10).fill(i));
  kept.add(2, new Uint8Array(1));
  assertEquals(kept.pieces().map(({ fd, bytes }) => [fd, bytes.length]), [[1, 1000], [2, 1]]);
  assert(kept.cost < 4 * 1001, `${kept.cost} bytes`);
});

/** Blocks that tell how many there are of them. */
class CountedBlocks extends Blocks {
  readonly all = new Set<Uint8Array>();

  override take(): Uint8Array<ArrayBuffer> {
    const block = super.take();
    this.all.add(block);
    return block;
  }
}

Deno.test("KeptOutput makes no garbage of a flood: it goes round in blocks that are used again", () => {
  const blocks = new CountedBlocks(LIMIT);
  const kept = new KeptOutput(blocks);
  let before = 0;
  // As output comes: in pieces of less than a block, of which a block is no multiple.
  for (let given = 0; given < 20 * LIMIT; given += 30_000) {
    kept.add(1, new Uint8Array(30_000));
    // Nothing but whole blocks once one is full, or the rest would be thrown away as it grows.
    if (before > BLOCK) assertEquals((kept.cost - before) % (BLOCK + CHUNK_COST), 0);
    while (kept.cost > LIMIT) kept.dropOldest();
    before = kept.cost;
  }
  assert(blocks.all.size <= LIMIT / BLOCK + 1, `${blocks.all.size} blocks`);
});
