/** Exceptions as the python process reports them: PROTOCOL.md, section 3. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";
import { Ext } from "../link/link_values.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python errors ${what} (${name})`, run);

  test("say what, where and why", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`import json
class Oops(json.JSONDecodeError):
    pass
def f():
    try:
        {}[1, "k"]
    except KeyError as error:
        raise Oops("told", "doc", 2) from error
f()`);
    assertEquals([value.type, value.module], ["Oops", "__main__"]);
    assertEquals(value.message, "told: line 1 column 3 (char 2)");
    assertEquals(value.args, ["told: line 1 column 3 (char 2)"]);
    assertEquals(value.mro, [
      "__main__.Oops",
      "json.decoder.JSONDecodeError",
      "ValueError",
      "Exception",
      "BaseException",
    ]);
    assertEquals(value.frames.map((f: Record<string, unknown>) => [f.line, f.function, f.source]), [
      [9, "<module>", "f()"],
      [8, "f", 'raise Oops("told", "doc", 2) from error'],
    ]);
    assertMatch(value.frames[0].file, /^<eval-\d+>$/);
    assertEquals([value.context, value.errors, value.syntax, value.notes], [null, null, null, []]);
    assertEquals([value.cause.type, value.cause.args], ["KeyError", [[1, "k"]]]);
    assertMatch(
      value.cause.traceback,
      /^Traceback .*\n.*\n +\{\}\[1, "k"\]\n[^]*KeyError: \(1, 'k'\)\n$/,
    );
    assertEquals(value.cause.cause, null);
  });

  test("have a context only where Python would show it", async () => {
    await using client = await LinkClient.start(python);
    const code = (from: string): string =>
      `try: 1/0\nexcept ArithmeticError: raise ValueError${from}`;
    assertEquals((await client.eval(code(""))).value.context.type, "ZeroDivisionError");
    assertEquals((await client.eval(code(" from None"))).value.context, null);
  });

  test("of commands that failed have the end of their stderr as a note", async () => {
    await using client = await LinkClient.start(python);
    const run = async (
      command: string,
      options = "capture_output=True",
    ): Promise<[string[], string]> => {
      const code =
        `import subprocess\nsubprocess.run(${command}, shell=True, check=True, ${options})`;
      const { value } = await client.eval(code);
      assertEquals(value.type, "CalledProcessError");
      return [value.notes, value.traceback];
    };
    const [notes, traceback] = await run("'echo out; echo why >&2; echo not >&2; exit 3'");
    assertEquals(notes, ["stderr of the command:\nwhy\nnot"]);
    assertMatch(
      traceback,
      /CalledProcessError: .* exit status 3\.\nstderr of the command:\nwhy\nnot\n$/,
    );
    const text = await run(
      "'echo gr\u00fc\u00dfe >&2; exit 3'",
      "stderr=subprocess.PIPE, text=True",
    );
    assertEquals(text[0], ["stderr of the command:\ngr\u00fc\u00dfe"]);
    assertEquals((await run("r'printf \"\\\\377\" >&2; exit 3'"))[0], [
      "stderr of the command:\n\ufffd",
    ]);
    const [[long]] = await run("'seq 1000 >&2; exit 3'");
    assertMatch(long!, /^the end of the command's stderr:\n\.\.\.\d*\n[^]*\n999\n1000$/);
    assertEquals(long!.length < 2_100, true);
    // Nothing is said where nothing was written or captured, or where a subclass does not tell.
    for (
      const [command, options] of [["'exit 3'"], ["'exit 3'", "stdout=subprocess.PIPE"]] as const
    ) {
      assertEquals((await run(command, options))[0], []);
    }
    const odd = await client.eval(`import subprocess
class Odd(subprocess.CalledProcessError):
    stderr = property(lambda self: 1 / 0, lambda self, value: None)
raise Odd(1, "x")`);
    assertEquals([odd.value.type, odd.value.notes], ["Odd", []]);
    // That of a cause is shown where the cause is.
    const outer = await client.eval(`import subprocess
try: subprocess.run("echo inner >&2; exit 1", shell=True, check=True, capture_output=True)
except Exception as error: raise ValueError("outer") from error`);
    assertEquals([outer.value.notes, outer.value.cause.notes.length], [[], 1]);
    assertMatch(
      outer.value.traceback,
      /\.\nstderr of the command:\ninner\n\nThe above exception was/,
    );
  });

  test("of syntax have their position", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval("x = 1\ny = = 2\n");
    const { file, line, column, text } = value.syntax;
    assertMatch(file, /^<eval-\d+>$/);
    assertEquals([line, column, text], [2, 5, "y = = 2\n"]);
    assertEquals(value.frames, []);
    assert(!value.traceback.startsWith("Traceback"));
  });

  test("in groups have their members", async () => {
    await using client = await LinkClient.start(python);
    const { value } = await client.eval(`
class Group(Exception): pass
group = __builtins__.__dict__.get("ExceptionGroup")
raise group("all", [ValueError(1), group("inner", [KeyError("k")])]) if group else Group`);
    if (value.type === "Group") return;
    assertEquals(value.errors.map((e: Record<string, unknown>) => e.type), [
      "ValueError",
      "ExceptionGroup",
    ]);
    assertEquals(value.errors[1].errors[0].args, ["k"]);
  });

  test("come through whatever an exception does to its reporter", async () => {
    await using client = await LinkClient.start(python);
    const cases: [string, string][] = [
      ["class E(Exception):\n  def __str__(self): 1/0\nraise E(1)", "<exception str() failed>"],
      ["class E(Exception):\n  def __repr__(self): 1/0\nraise E(1)", "1"],
      ["class E(Exception):\n  args = property(lambda s: 1/0)\nraise E(1)", ""],
      ["class E(Exception): __module__ = 5\nraise E(1)", ""],
      ["class E(Exception): pass\ne = E()\ne.args = (e, e)\nraise e", ""],
      ["a = []\na.append(a)\nraise ValueError(a, 'b')", ""],
      ["raise ValueError('\\ud800')", "\\ud800"],
      ["raise ValueError('x' * (3 << 20))", ""],
      ["raise ValueError(object())", ""],
      ["class E(Exception):\n  __cause__ = property(lambda s: 1/0)\nraise E(1)", ""],
      ["e = ValueError()\ne.__notes__ = 5\nraise e", ""],
      ["e = SyntaxError()\ne.lineno = 'x'\ne.text = 5\ne.offset = []\nraise e", ""],
      [
        "e = None\nfor i in range(500):\n  n = ValueError(i)\n  n.__cause__ = e\n  e = n\nraise e",
        "499",
      ],
      ["a, b = ValueError('a'), ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a", "a"],
    ];
    for (const [code, message] of cases) {
      const { status, value } = await client.eval(code);
      assertEquals(status, Status.PYTHON_ERROR, code);
      assert(value.traceback.length > 0 && value.traceback.length < 3_000_000, code);
      if (message !== "") assertEquals(value.message, message, code);
    }
    const { value } = await client.eval("a = []\na.append(a)\nraise ValueError(a, object(), 3)");
    assertEquals(value.args[2], 3);
    assert(value.args[0] instanceof Ext && value.args[1] instanceof Ext);
    assertEquals(value.args[0].data, { type: "list", repr: "[[...]]" });
  });

  test("stay small: frames, text and chain", async () => {
    await using client = await LinkClient.start(python);
    const { value, bytes } = await client.eval(
      "import sys\nsys.setrecursionlimit(50_000)\ndef f(n): n and g(n)\ndef g(n): f(n - 1) or 1/0\n" +
        "f(3_000)",
    );
    assertEquals(value.type, "ZeroDivisionError");
    assert(value.frames.length <= 200 && bytes.length < 3_000_000);
    const chain = await client.eval(
      "e = None\nfor i in range(300):\n  n = ValueError(i)\n  n.__cause__ = e\n  e = n\nraise e",
    );
    let depth = 0;
    for (let e = chain.value; e !== null; e = e.cause) depth++;
    assertEquals(depth, 64);
  });
}
