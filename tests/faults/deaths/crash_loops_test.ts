// Promise 2, when dying does not stop: an interpreter that comes up no more is tried again ever more
// slowly and used once it does; a session whose every eval ends its process starves nobody.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { ServerLogRecord } from "../../../fake_server/mod.ts";
import { connect, RemoteProcessDiedError } from "../../../mod.ts";
import { testPython } from "../../python.ts";
import { start, until } from "../../raw_server.ts";
import { report } from "../scale.ts";

/** An interpreter that can be taken away: a link in a folder of its own. */
class Interpreter implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;
  readonly #real: string;

  private constructor(folder: string, real: string) {
    this.#folder = folder;
    this.path = `${folder}/python3`;
    this.#real = real;
  }

  static async make(): Promise<Interpreter> {
    const { stdout } = await new Deno.Command(testPython(), {
      args: ["-c", "import os, sys; print(os.path.realpath(sys.executable), end='')"],
    }).output();
    const interpreter = new Interpreter(
      await Deno.makeTempDir({ prefix: "pyproxy-loop-" }),
      new TextDecoder().decode(stdout),
    );
    await interpreter.work();
    return interpreter;
  }

  /** From now on it is Python. */
  work(): Promise<void> {
    return this.#be(() => Deno.symlink(this.#real, `${this.path}.new`));
  }

  /** From now on it is a script that does this. */
  break(script: string): Promise<void> {
    return this.#be(() =>
      Deno.writeTextFile(`${this.path}.new`, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    );
  }

  async #be(make: () => Promise<void>): Promise<void> {
    await make();
    await Deno.rename(`${this.path}.new`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

for (
  const [what, script, said] of [
    ["ends at once", "echo broken >&2; exit 7", "it ended with exit code 7: broken"],
    ["never gets ready", "exec sleep 60", "not ready within 2000 ms"],
  ] as const
) {
  Deno.test(`an interpreter that ${what} is tried ever more slowly, and used once it works`, async () => {
    const records: ServerLogRecord[] = [];
    await using interpreter = await Interpreter.make();
    await using server = await start({
      python: interpreter.path,
      limits: { pythonStartMs: 2_000 },
      log: (record) => void records.push(record),
    });
    await using remote = await connect(server.addr);
    assertEquals(await remote.eval("1"), 1);
    await interpreter.break(script);
    const died = await remote.eval("import os; os._exit(1)").waitNoExcept();
    assert(!died.ok);
    assertInstanceOf(died.error, RemoteProcessDiedError);
    const waits = remote.eval("'on the replacement'");
    const failures = () => records.filter(({ msg }) => msg === "python process did not start");
    await until(() => failures().length >= 3);
    const pauses = failures().map(({ retry_ms }) => retry_ms);
    assertEquals(pauses.slice(0, 3), [100, 200, 400]);
    assert(String(failures()[0]!.error).includes(said), String(failures()[0]!.error));
    await interpreter.work();
    assertEquals(await waits, "on the replacement");
    report(import.meta.url, { what, tried: pauses.length, pauses: pauses.join(" ") });
  });
}

Deno.test("a session whose every eval ends its process starves no other one of that process", async () => {
  await using server = await start({ numWorkers: 1 });
  await using poison = await connect(server.addr);
  await using other = await connect(server.addr);
  const deaths = 20;
  const deadly = Array.from({ length: deaths }, () => poison.eval("import os; os._exit(9)"));
  let between = 0;
  for (let i = 0; i < deaths; i++) {
    assertEquals(await other.eval("i", { locs: { i } }), i);
    if (!deadly.at(-1)!.done) between++;
  }
  for (const future of deadly) {
    const outcome = await future.waitNoExcept();
    assert(!outcome.ok);
    assertInstanceOf(outcome.error, RemoteProcessDiedError);
    assertEquals(outcome.error.exitCode, 9);
  }
  // A round of two deaths for each: one that is on when the eval comes, one whose turn is before.
  assert(between >= deaths / 3, `${between} evals of the other session ran among ${deaths} deaths`);
  assertEquals(await poison.eval("1"), 1);
  report(import.meta.url, { deaths, "evals of another session among them": between });
});
