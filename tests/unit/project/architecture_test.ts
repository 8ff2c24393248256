// ARCHITECTURE.md names files and folders that are there.
import { assert } from "@std/assert";
import { root } from "../../readme.ts";

Deno.test("ARCHITECTURE.md names files and folders that are there", async () => {
  const text = await Deno.readTextFile(new URL(".github/ARCHITECTURE.md", root));
  const named = [...text.matchAll(/`((?:src|fake_server)\/[\w./]*)`/g)].map((match) => match[1]!);
  assert(named.length > 30, `it names ${named.length}`);
  for (const path of named) await Deno.stat(new URL(path, root));
  const links = [...text.matchAll(/\]\((\.[^)#]+)\)/g)].map((match) => match[1]!);
  assert(links.length > 0);
  for (const link of links) await Deno.stat(new URL(link, new URL(".github/", root)));
});
