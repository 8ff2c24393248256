/**
 * A registry on loopback that serves this package's files as JSR does: each under a URL of its own,
 * and the names of deno.json's import map replaced by what they stand for. It is the only part of
 * JSR that a program notices.
 */
import { root } from "../readme.ts";

/** The registry; it goes with its scope. */
export interface Registry extends AsyncDisposable {
  /** Where the package's files are, with a slash at the end. */
  url: string;
  /** `host:port`, for `--allow-import`. */
  host: string;
}

/** The files that would be published, as `deno publish` names them. */
export async function publishedFiles(): Promise<string[]> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: root.pathname,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`Cannot publish: ${text}`);
  return [...text.matchAll(/^ +file:\/\/(\S+) \(/gm)].map((match) =>
    decodeURI(match[1]!).slice(root.pathname.length)
  );
}

/** Serves those files. */
export async function startRegistry(): Promise<Registry> {
  const files = new Set(await publishedFiles());
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    if (!files.has(path)) return new Response("not found", { status: 404 });
    let text = await Deno.readTextFile(new URL(path, root));
    if (!path.endsWith(".ts")) return new Response(text);
    for (const [name, target] of Object.entries(imports)) {
      text = text.replaceAll(`from "${name}"`, `from "${target}"`);
    }
    return new Response(text, { headers: { "content-type": "application/typescript" } });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return { host, url: `http://${host}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}
