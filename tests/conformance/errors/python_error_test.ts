// What a PythonError tells of exceptions of every make: SPEC 2.6.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { Opaque, type Outcome, PythonError, type RemoteProcess } from "../../../mod.ts";
import { shareServer, test, testRemote } from "../../harness.ts";

shareServer();

/** The PythonError that the code raises. */
async function raised(remote: RemoteProcess, code: string): Promise<PythonError> {
  return await assertRejects(async () => await remote.eval(code), PythonError, undefined, code);
}

/** Whether the server's Python is at least this. */
async function isPython(remote: RemoteProcess, minor: number): Promise<boolean> {
  return await remote.eval<number>("import sys; sys.version_info[1]") >= minor;
}

test("causeKind of a PythonError distinguishes a cause from a context", async () => {
  await using own = await testRemote();
  const cause = await raised(
    own.remote,
    "try: 1/0\nexcept Exception as e: raise KeyError(2) from e",
  );
  assertEquals([cause.causeKind, cause.cause?.type], ["cause", "ZeroDivisionError"]);
  assertEquals([cause.cause?.causeKind, cause.cause?.cause], [undefined, undefined]);
  const context = await raised(own.remote, "try: 1/0\nexcept Exception: raise KeyError(2)");
  assertEquals([context.causeKind, context.cause?.type], ["context", "ZeroDivisionError"]);
  const none = await raised(own.remote, "try: 1/0\nexcept Exception: raise KeyError(2) from None");
  assertEquals([none.causeKind, none.cause, "cause" in none], [undefined, undefined, false]);
});

test("the chain of a PythonError ends where the exceptions form a circle", async () => {
  await using own = await testRemote();
  const circles: [string, string[]][] = [
    ["a = ValueError('a')\na.__cause__ = a\nraise a", ["a"]],
    ["a, b = map(ValueError, 'ab')\na.__cause__ = b\nb.__cause__ = a\nraise a", ["a", "b"]],
    ["a, b = map(ValueError, 'ab')\na.__context__ = b\nb.__cause__ = a\nraise a", ["a", "b"]],
    ["a = ValueError('a', [])\na.args[1].append(a)\nraise a", ["('a', [ValueError(...)])"]],
  ];
  for (const [code, messages] of circles) {
    const chain: string[] = [];
    for (let e: PythonError | undefined = await raised(own.remote, code); e; e = e.cause) {
      chain.push(e.message.replace(/ValueError\('a'.*\]\)\]/, "ValueError(...)]"));
    }
    assertEquals(chain, messages, code);
  }
});

test("a PythonError of an exception group has its members as errors", async () => {
  await using own = await testRemote();
  if (!await isPython(own.remote, 11)) return;
  const error = await raised(
    own.remote,
    `
def caught(error):
    try: raise error
    except BaseException as e: return e
inner = BaseExceptionGroup("inner", [caught(KeyboardInterrupt()), caught(KeyError("k"))])
raise BaseExceptionGroup("outer", [caught(ValueError(1)), inner]) from caught(OSError("why"))`,
  );
  assertEquals([error.type, error.message], ["BaseExceptionGroup", "outer (2 sub-exceptions)"]);
  assertEquals(error.errors?.map(({ type }) => type), ["ValueError", "BaseExceptionGroup"]);
  const [first, inner] = error.errors!;
  assertInstanceOf(first, PythonError);
  assertMatch(first.traceback, /^Traceback[^]*in caught[^]*ValueError: 1\n$/);
  assertEquals(inner!.errors?.map(({ type }) => type), ["KeyboardInterrupt", "KeyError"]);
  assertEquals([error.cause?.message, first.errors], ["why", undefined]);
  assertMatch(error.traceback, /direct cause[^]*\| KeyboardInterrupt\n/);
});

test("a PythonError has the notes of add_note", async () => {
  await using own = await testRemote();
  const add = (notes: string) => `e = ValueError('x')\ne.__notes__ = ${notes}\nraise e`;
  assertEquals((await raised(own.remote, add("['one', 'two\\nlines']"))).notes, [
    "one",
    "two\nlines",
  ]);
  assertEquals((await raised(own.remote, add("['one', 2]"))).notes, ["one", "2"]);
  assertEquals((await raised(own.remote, add("5"))).notes, []);
  assertEquals((await raised(own.remote, "raise ValueError")).notes, []);
});

test("a PythonError of invalid syntax has its position", async () => {
  await using own = await testRemote();
  const error = await raised(own.remote, "x = 1\ny = (1 +* 2)\n");
  assert(error.syntax !== undefined);
  const { file, line, column, text } = error.syntax;
  assertMatch(file!, /^<eval-\d+>$/);
  assertEquals([line, column, text], [2, 9, "y = (1 +* 2)\n"]);
  const indent = await raised(own.remote, "if True:\npass");
  assertEquals([indent.type, indent.syntax?.line], ["IndentationError", 2]);
  assertEquals(indent.mro.slice(0, 3), ["IndentationError", "SyntaxError", "Exception"]);
  if (await isPython(own.remote, 10)) {
    const position = (await raised(own.remote, "f(a b)")).syntax;
    assertEquals([position?.endLine, position?.endColumn], [1, 6]);
  }
  const mine = await raised(own.remote, "raise SyntaxError('m', ('f.py', 3, 5, 'some text'))");
  assertEquals(mine.syntax, {
    file: "f.py",
    line: 3,
    column: 5,
    endLine: null,
    endColumn: null,
    text: "some text",
  });
  const odd = "e = SyntaxError()\ne.lineno = 'x'\ne.text = 5\ne.offset = []\nraise e";
  assertEquals((await raised(own.remote, odd)).syntax?.line, null);
  assertEquals((await raised(own.remote, "1/0")).syntax, undefined);
});

test("sys.exit() is a PythonError with the exit code that a script would have", async () => {
  await using own = await testRemote();
  const cases = [
    ["", 0, []],
    ["3", 3, [3]],
    ["-1", 255, [-1]],
    ["True", 1, [true]],
    ["'words'", 1, ["words"]],
    ["(1, 2)", 1, [1, 2]],
    ["2 ** 70 + 7", 255, [2n ** 70n + 7n]],
  ] as const;
  for (const [argument, status, args] of cases) {
    const error = await raised(own.remote, `import sys; sys.exit(${argument})`);
    assertEquals([error.type, error.exitCode], ["SystemExit", status], argument);
    assertEquals(error.args, args as unknown as unknown[], argument);
  }
  assertEquals((await raised(own.remote, "1/0")).exitCode, undefined);
  const thread = "import sys, threading\nt = threading.Thread(target=sys.exit, args=(3,))\n" +
    "t.start()\nt.join()\n'on'";
  assertEquals(await own.remote.eval(thread), "on");
});

test("exceptions that Python itself treats specially are PythonErrors", async () => {
  await using own = await testRemote();
  const pid = await own.remote.eval("import os; os.getpid()");
  for (
    const [code, type] of [
      ["raise KeyboardInterrupt", "KeyboardInterrupt"],
      ["import _thread\n_thread.interrupt_main()\nwhile True: pass", "KeyboardInterrupt"],
      ["raise GeneratorExit", "GeneratorExit"],
      ["next(iter([]))", "StopIteration"],
      ["raise StopAsyncIteration", "StopAsyncIteration"],
      ["import asyncio\nraise asyncio.CancelledError", "CancelledError"],
      ["[0] * (1 << 62)", "MemoryError"],
      ["def f(): f()\nf()", "RecursionError"],
      ["class E(BaseException): pass\nraise E", "E"],
    ] as const
  ) assertEquals((await raised(own.remote, code)).type, type, code);
  assertEquals(await own.remote.eval("import os; os.getpid()"), pid);
});

test("args of a PythonError are values, or opaque if they are unsendable or huge", async () => {
  await using own = await testRemote();
  const args = async (list: string) => (await raised(own.remote, `raise ValueError(${list})`)).args;
  assertEquals(await args(""), []);
  assertEquals(await args("1, 'x', None, [2.5, {'a': (1,)}], {7}"), [
    1,
    "x",
    null,
    [2.5, { a: [1] }],
    new Set([7]),
  ]);
  const [object, fine, deep] = await args("object, 1, (a := [], a.append(a), a)[2]");
  assertEquals([object, fine, deep], [
    new Opaque("type", "<class 'object'>"),
    1,
    new Opaque("list", "[[...]]"),
  ]);
  const [huge, small] = await args("'x' * (2 << 20), 'y'");
  assertInstanceOf(huge, Opaque);
  assertEquals([huge.type, small], ["str", "y"]);
  assert(huge.repr.length < 20_000);
  const many = await args("*range(100_000)");
  assertEquals(many.length, 1_001);
  assertEquals(many[1_000], new Opaque("tuple", "... 99000 more ..."));
  const nested = "a = 1\nfor _ in range(500): a = [a]\ne = None\nfor i in range(20):\n" +
    "    n = ValueError(i, a)\n    n.__cause__ = e\n    e = n\nraise e";
  const error = await raised(own.remote, nested);
  assertEquals([error.args[0], error.cause?.args[0]], [19, 18]);
  assertInstanceOf(error.args[1], Opaque);
});

test("exception classes that raise or return nonsense still become a PythonError", async () => {
  await using own = await testRemote();
  const cases: [members: string, message: string, base?: string][] = [
    ["def __str__(self): 1/0", "<exception str() failed>"],
    ["def __str__(self): return 5", "<exception str() failed>"],
    ["def __str__(self): raise SystemExit", "<exception str() failed>"],
    ["def __str__(self): raise self", "<exception str() failed>"],
    ["def __str__(self): raise self", "<exception str() failed>", "BaseException"],
    ["def __str__(self): raise self", "<exception str() failed>", "KeyboardInterrupt"],
    ["def __str__(self): return '\\ud800x'", "\\ud800x"],
    ["def __str__(self):\n        class S(str): pass\n        return S('s')", "s"],
    ["def __repr__(self): 1/0", "1"],
    ["def __getattr__(self, name): 1/0", "1"],
    ["def __getattribute__(self, name): 1/0", "1"],
    ["def __reduce__(self): 1/0", "1"],
    ["def __eq__(self, other): 1/0\n    __hash__ = None", "1"],
    ["def __bool__(self): 1/0", "1"],
    ["def __len__(self): return -1", "1"],
    ["def __del__(self): 1/0", "1"],
    ["__class__ = property(lambda self: 1/0)", "1"],
    ["__class__ = int", "1"],
    ["args = property(lambda self: 1/0)", "1"],
    ["args = 5", "1"],
    ["__cause__ = property(lambda self: 1/0)", "1"],
    ["__cause__ = property(lambda self: KeyError())", "1"],
    ["__context__ = 5", "1"],
    ["__traceback__ = property(lambda self: 1/0)", "1"],
    ["__notes__ = property(lambda self: 1/0)", "1"],
    ["__suppress_context__ = property(lambda self: 1/0)", "1"],
    ["__module__ = 5", "1"],
    ["__module__ = 'a.b\\ud800'", "1"],
    ["__module__ = property(lambda self: 1/0)", "1"],
    ["__qualname__ = 'a b.\\n\\ud800'", "1"],
    ["code = property(lambda self: 1/0)", "1", "SystemExit"],
    ["lineno = property(lambda self: 1/0)", "1", "SyntaxError"],
    ["text = filename = lineno = object()", "1", "SyntaxError"],
    ["name = property(lambda self: 1/0)", "1", "NameError"],
  ];
  for (const [members, message, base = "Exception"] of cases) {
    const code = `class E(${base}):\n    ${members}\nraise E(1)`;
    const error = await raised(own.remote, code);
    const type = members.includes("__qualname__") ? "a b.\n\\ud800" : "E";
    assertEquals([error.message, error.type], [message, type], code);
    assert(error.mro.includes("BaseException"), code);
    assertMatch(error.traceback, /^Traceback|^KeyError|^ |^E: /, code);
  }
  const meta = `class M(type):
    __name__ = __module__ = __mro__ = property(lambda self: 1/0)
    def __repr__(self): 1/0
    def __instancecheck__(self, other): 1/0
class E(Exception, metaclass=M): pass
raise E(1)`;
  assertEquals((await raised(own.remote, meta)).type, "E");
  assertEquals(await own.remote.eval("1"), 1);
});

test("a value that raises when it is read comes as opaque, or is an EncodeError when strict", async () => {
  await using own = await testRemote();
  const value = await own.remote.eval<Opaque>("class A:\n    def __repr__(self): 1/0\nA()");
  assertEquals(value.repr, "<A: its repr() raised ZeroDivisionError>");
  const exit = "class A:\n    def __repr__(self): raise SystemExit(4)\n[A(), 1]";
  const [exits, one] = await own.remote.eval<[Opaque, number]>(exit);
  assertEquals([exits.repr, one], ["<A: its repr() raised SystemExit>", 1]);
  const code = "class D(dict):\n    def items(self): 1/0\n[D()]";
  const [dict] = await own.remote.eval<[Opaque]>(code);
  assertEquals([dict.type, dict.repr], ["__main__.D", "{}"]);
  await assertRejects(
    async () => await own.remote.eval(code, { strict: true }),
    Error,
    "Cannot send result[0]: reading it raised ZeroDivisionError",
  );
  assertEquals(await own.remote.eval("1"), 1);
});

test("a PythonError stays small, even if the exception is large", async () => {
  await using own = await testRemote();
  const size = (e: PythonError) =>
    [e.message, e.traceback, ...e.notes, JSON.stringify(e.frames)].reduce(
      (n, s) => n + s.length,
      0,
    );
  const recursion = await raised(own.remote, "def f(): f()\nf()");
  assertMatch(recursion.traceback, /\n {2}\[Previous line repeated \d+ more times\]\n/);
  assertEquals(recursion.frames.length, 200);
  const message = await raised(own.remote, "raise ValueError('x' * (8 << 20))");
  assertMatch(message.message, /^x+\n\.\.\. 7340032 characters \.\.\.\nx+$/);
  assert(size(message) < 3 << 20);
  const line = await raised(own.remote, `x = [${"1, ".repeat(1 << 15)}1/0]`);
  assert(line.frames[0]!.source.length < 20_000 && size(line) < 2 << 20);
  const chain = await raised(
    own.remote,
    "e = None\nfor i in range(200):\n    n = ValueError('x' * (1 << 18))\n    n.__cause__ = e\n" +
      "    e = n\nraise e",
  );
  let depth = 0;
  let total = 0;
  for (let e: PythonError | undefined = chain; e !== undefined; e = e.cause) {
    depth++;
    total += size(e);
  }
  assertEquals(depth, 64);
  assert(total < 8 << 20, String(total));
  assertEquals(chain.type, "ValueError");
});

test("the stack of a PythonError goes on with the caller's line and none of the library's", async () => {
  await using own = await testRemote();
  async function caller(): Promise<unknown> {
    return await own.remote.eval("def f():\n    1/0\nf()");
  }
  const error = await assertRejects(caller, PythonError);
  const [heading, ...lines] = error.stack!.split("\n");
  assertEquals(heading, "PythonError: ZeroDivisionError: division by zero");
  const frames = lines.filter((line) => line.startsWith("    at "));
  assertMatch(frames[0]!, /^ {4}at (async )?caller \(.*python_error_test\.ts:\d+:\d+\)$/);
  assert(!error.stack!.includes("remote_process"), error.stack);
  const killed = own.remote.eval("import os; os._exit(1)");
  const died = await assertRejects(() => killed.wait(), Error);
  assertMatch(died.stack!, /^RemoteProcessDiedError: .*\n {4}at .*python_error_test\.ts:\d+:\d+/);
});

test("of many evals at once each error shows the line of its own call, or none past the first 204", async () => {
  await using own = await testRemote();
  const many: Promise<Outcome<unknown>>[] = [];
  for (let i = 0; i < 200; i++) {
    many.push(own.remote.eval("1 / 0").waitNoExcept());
    many.push(own.remote.eval("1 / 0").waitNoExcept());
  }
  const lines = (await Promise.all(many)).map((outcome) => {
    assert(!outcome.ok);
    return /^ {4}at .*python_error_test\.ts:(\d+):/m.exec(outcome.error.stack!)?.[1];
  });
  const first = Number(lines[0]);
  for (const [i, line] of lines.entries()) {
    if (line !== undefined) assertEquals(Number(line), first + i % 2, `of eval ${i}`);
    else assert(i >= 204, `eval ${i} has no line`);
  }
});
