/**
 * `deno task pack`: the npm tarball. It carries the client alone, since `deno pack` leaves the
 * server's imports from npm under their short names; so it is packed from a copy without the server.
 * Without source maps, which are two thirds of its size: the JavaScript reads like the TypeScript.
 */
import { dirname } from "node:path";

const root = new URL("../../", import.meta.url);

/** What of the repository is in it. */
const FILES = ["LICENSE", "README.md", "mod.ts"];

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(new URL(`${name}/`, from), `${to}/${name}`);
    else if (name.endsWith(".ts")) await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/** Writes the tarball. */
export async function packNpm(output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pyproxy-pack-" });
  try {
    for (const name of FILES) await Deno.copyFile(new URL(name, root), `${folder}/${name}`);
    await copyFolder(new URL("src/", root), `${folder}/src`);
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
