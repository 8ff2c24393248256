// The least permissions, as the README has them, where the package is files and where streams are
// unix sockets. jsr_test.ts has those of a package from a registry.
import { assertEquals } from "@std/assert";
import { startServer } from "../../fake_server/mod.ts";
import { root } from "../readme.ts";
import { Project } from "./project.ts";

const RUN = [
  Deno.execPath(),
  "run",
  "--no-prompt",
  "--no-check",
  "--config",
  `${root.pathname}deno.json`,
];

const program = (addr: string) =>
  `import { connect } from "@pyproxy/client";
  await using remote = await connect("${addr}");
  console.log(await remote.eval("6 * 7"));`;

Deno.test("the client from files runs with permission for the network only", async () => {
  await using project = await Project.make();
  await using server = await startServer({
    bindAddr: "127.0.0.1:0",
    outputAddr: "127.0.0.1:0",
    numWorkers: 1,
    log: () => {},
  });
  const file = await project.write("app.ts", program(server.addr));
  const net = `--allow-net=${server.addr},${server.outputAddr}`;
  const printed = await project.succeed([...RUN, net, file]);
  assertEquals(printed, "42\n");
});

Deno.test("client and server on a unix socket run with permission for that socket only", async () => {
  await using project = await Project.make();
  const socket = `${project.path}/socket`;
  const child = new Deno.Command(RUN[0]!, {
    args: [
      ...RUN.slice(1),
      "--allow-net",
      "--allow-run",
      "--allow-env",
      "--allow-sys",
      `--allow-read=/tmp,${socket}`,
      `--allow-write=/tmp,${socket}`,
      `${root.pathname}fake_server/main.ts`,
      `--bind-addr=unix:${socket}`,
      "--num-workers=1",
      "--log-level=error",
    ],
    env: { TMPDIR: "/tmp" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let line = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    line += text;
    if (!line.endsWith("\n")) continue;
    const file = await project.write("app.ts", program(`unix:${socket}`));
    const printed = await project.succeed([
      ...RUN,
      `--allow-net=unix:${socket}`,
      `--allow-read=${socket}`,
      `--allow-write=${socket}`,
      file,
    ]);
    assertEquals(printed, "42\n");
    child.kill("SIGTERM");
  }
  assertEquals((await child.status).code, 0);
});
