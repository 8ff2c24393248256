/**
 * `deno task pack`: the npm tarball. It carries the client alone, since `deno pack` leaves the
 * server's imports from npm under their short names; so it is packed from a copy without the server,
 * and without what only the session's thread runs, since worker_source.ts has that.
 * Without source maps, which are two thirds of its size: the JavaScript reads like the TypeScript.
 */
import { dirname } from "node:path";

const root = new URL("../../", import.meta.url);

/** What is in it beside code. */
const DOCUMENTS = ["LICENSE", "README.md"];

/** The files that the client and the command import, and these themselves. */
export async function clientModules(): Promise<string[]> {
  const files = new Set<string>();
  for (const entry of ["mod.ts", "src/cli/main.ts"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", entry],
      cwd: root.pathname,
    }).output();
    const { modules }: { modules: { specifier: string }[] } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    for (const { specifier } of modules) {
      if (specifier.startsWith(root.href)) files.add(specifier.slice(root.href.length));
    }
  }
  return [...files].filter((file) => !file.endsWith(".d.ts"));
}

/** Writes the tarball. */
export async function packNpm(output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pyproxy-pack-" });
  try {
    for (const file of [...DOCUMENTS, ...await clientModules()]) {
      await Deno.mkdir(dirname(`${folder}/${file}`), { recursive: true });
      await Deno.copyFile(new URL(file, root), `${folder}/${file}`);
    }
    const { name, version, license, exports, compilerOptions } = JSON.parse(
      await Deno.readTextFile(new URL("deno.json", root)),
    );
    delete exports["./fake_server"];
    delete compilerOptions.types;
    const config = { name, version, license, exports, compilerOptions };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["pack", "--no-source-maps", "--output", output],
      cwd: folder,
    }).output();
    if (!success) throw new Error(`Cannot pack: ${new TextDecoder().decode(stderr)}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { name, version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
  const output = Deno.args[0] ?? `${Deno.cwd()}/${file}`;
  await Deno.mkdir(dirname(output), { recursive: true });
  await packNpm(output);
  Deno.stdout.writeSync(new TextEncoder().encode(`${output}\n`));
}
