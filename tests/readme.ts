/** The README's TypeScript blocks, and what each says that it prints. */

/** The root of this repository. */
export const root: URL = new URL("../", import.meta.url);

/** The README. */
export const readme: string = await Deno.readTextFile(new URL("README.md", root));

/** Its TypeScript blocks. */
export const blocks: string[] = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) =>
  match[1]!
);

/** What a block says that it prints: the comments behind its console.log calls. */
export function expected(block: string): string[] {
  return [...block.matchAll(/console\.log\(.*\);.* \/\/ (.*)$/gm)].map((match) => match[1]!)
    .filter((text) => !/^[0-9a-f]{32}$|^as /.test(text));
}
