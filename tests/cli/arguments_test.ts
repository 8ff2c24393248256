import { assertEquals, assertThrows } from "@std/assert";
import { type Command, readArguments, UsageError } from "../../src/cli/arguments.ts";

const read = (args: string[], env: Record<string, string> = {}): Command =>
  readArguments(args, (name) => env[name]);
const SERVER = {
  addr: "localhost:9000",
  token: undefined,
  tokenFile: undefined,
  tls: false,
  caFile: undefined,
};

Deno.test("readArguments() knows each subcommand", () => {
  assertEquals(read(["eval", "2 + 2"]), {
    kind: "eval",
    server: SERVER,
    code: "2 + 2",
    json: false,
  });
  assertEquals(read(["run", "a.py"]), { kind: "run", server: SERVER, file: "a.py", args: [] });
  assertEquals(read(["repl"]), { kind: "repl", server: SERVER });
  assertEquals(read(["serve"]), { kind: "serve", args: [] });
  assertEquals(read(["--help", "eval"]), { kind: "help" });
  assertEquals(read(["--version"]), { kind: "version" });
});

Deno.test("readArguments() takes options before and after the subcommand", () => {
  const server = { ...SERVER, addr: "host:1", tokenFile: "t" };
  const wanted: Command = { kind: "eval", server, code: "1", json: true };
  assertEquals(read(["--addr", "host:1", "eval", "--json", "1", "--token-file=t"]), wanted);
  assertEquals(read(["eval", "1", "--addr=host:1", "--token-file", "t", "--json"]), wanted);
});

Deno.test("readArguments() passes on the arguments after a file or after serve", () => {
  assertEquals(
    read(["--addr", "run", "run", "--token-file", "t", "a.py", "--json", "-h", "--", "x"]),
    {
      kind: "run",
      server: { ...SERVER, addr: "run", tokenFile: "t" },
      file: "a.py",
      args: ["--json", "-h", "--", "x"],
    },
  );
  assertEquals(read(["serve", "--help", "--num-workers", "2"]), {
    kind: "serve",
    args: ["--help", "--num-workers", "2"],
  });
});

Deno.test("readArguments() uses the environment if there is no option", () => {
  const env = { PYPROXY_ADDR: "there:2", PYPROXY_TOKEN_FILE: "file" };
  assertEquals(read(["repl"], env), {
    kind: "repl",
    server: { ...SERVER, addr: "there:2", tokenFile: "file" },
  });
  assertEquals(read(["repl", "--addr", "here:1", "--token-file", "t"], env), {
    kind: "repl",
    server: { ...SERVER, addr: "here:1", tokenFile: "t" },
  });
  assertEquals(read(["repl"], { PYPROXY_ADDR: "", PYPROXY_TOKEN_FILE: "" }), {
    kind: "repl",
    server: SERVER,
  });
});

Deno.test("readArguments() reads the options for TLS and the token", () => {
  const repl = (args: string[], env = {}) => read(["repl", ...args], env);
  const server = { ...SERVER, tls: true };
  assertEquals(repl(["--tls"]), { kind: "repl", server });
  assertEquals(repl(["--ca-file", "ca.pem"]), {
    kind: "repl",
    server: { ...server, caFile: "ca.pem" },
  });
  const token = { ...SERVER, token: "secret" };
  assertEquals(repl([], { PYPROXY_TOKEN: "secret" }), { kind: "repl", server: token });
});

Deno.test("readArguments() throws a UsageError that says what is wrong", () => {
  const wrong: [string[], string][] = [
    [[], "no command was given"],
    [["sing"], 'there is no command "sing"'],
    [["eval"], "eval needs code"],
    [["eval", "1", "2"], "eval takes one argument"],
    [["run"], "run needs a file"],
    [["repl", "x"], 'repl takes no argument, got "x"'],
    [["repl", "--json"], "--json is for eval"],
    [["eval", "1", "--nonsense"], "--nonsense"],
    [["eval", "1", "--addr"], "--addr"],
  ];
  for (const [args, message] of wrong) assertThrows(() => read(args), UsageError, message);
});
