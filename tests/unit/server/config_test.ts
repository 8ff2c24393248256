import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  isLocal,
  parseBindAddress,
} from "../../../fake_server/clients/connections/bind_address.ts";
import { checkConfig, HELP, readConfig } from "../../../fake_server/config.ts";

const TOKEN = "0123456789abcdefghijkl";
const NO_ENV = (): undefined => undefined;

Deno.test("readConfig() gives the defaults when nothing is said", () => {
  assertEquals(readConfig([], NO_ENV), {
    bindAddr: "127.0.0.1:9000",
    outputAddr: "127.0.0.1:9001",
    token: undefined,
    tls: undefined,
    allowAnyoneWithoutToken: false,
    numWorkers: 3,
    python: "python3",
    logLevel: "info",
    workerMemoryLimit: 0,
  });
});

Deno.test("readConfig() takes flags before the environment", () => {
  const env: Record<string, string> = {
    PYPROXY_BIND_ADDR: "127.0.0.1:1",
    PYPROXY_OUTPUT_ADDR: "[::1]:2",
    PYPROXY_TOKEN: TOKEN,
    PYPROXY_NUM_WORKERS: "4",
    PYPROXY_PYTHON: "/usr/bin/python3",
    PYPROXY_LOG_LEVEL: "debug",
    PYPROXY_WORKER_MEMORY_LIMIT: "1G",
  };
  assertEquals(readConfig(["--bind-addr", "localhost:3", "--num-workers=5"], (n) => env[n]), {
    bindAddr: "localhost:3",
    outputAddr: "[::1]:2",
    token: TOKEN,
    tls: undefined,
    allowAnyoneWithoutToken: false,
    numWorkers: 5,
    python: "/usr/bin/python3",
    logLevel: "debug",
    workerMemoryLimit: 1024 ** 3,
  });
});

Deno.test("readConfig() takes an empty variable for one that is not set", () => {
  const config = readConfig([], (name) => name === "PYPROXY_PYTHON" ? "" : undefined);
  assertEquals(config !== "help" && config.python, "python3");
});

Deno.test("readConfig() gives help when asked, whatever else is said", () => {
  assertEquals(readConfig(["--help", "--num-workers", "x"], NO_ENV), "help");
  assertEquals(readConfig(["-h"], NO_ENV), "help");
  for (const word of ["--bind-addr", "PYPROXY_NUM_WORKERS", "127.0.0.1:9001"]) {
    assertStringIncludes(HELP, word);
  }
});

Deno.test("readConfig() refuses what it cannot use with a sentence that names it", () => {
  const refused: [string[], string][] = [
    [["--bindaddr", "x"], "--bindaddr"],
    [["stray"], "stray"],
    [["--num-workers", "0"], "Cannot run 0 python processes"],
    [["--num-workers", "two"], 'Cannot run "two" python processes'],
    [["--bind-addr", "9000"], 'Cannot use the address "9000"'],
    [["--bind-addr", "127.0.0.1:70000"], "127.0.0.1:70000"],
    [["--output-addr", "::1:9000"], "::1:9000"],
    [["--log-level", "loud"], 'level "loud"'],
    [["--worker-memory-limit", "512MB"], 'to "512MB": it must be a number of bytes'],
    [["--worker-memory-limit", "1.5G"], 'to "1.5G"'],
    [["--worker-memory-limit", "-1"], "--worker-memory-limit"],
    [["--worker-memory-limit", "lots"], 'to "lots"'],
    [["--worker-memory-limit", "512"], "to 512 bytes: it must be an integer of at least 67108864"],
    [["--worker-memory-limit", "63M"], "at least 67108864 (64M)"],
    [["--worker-memory-limit", "99999999999G"], "it must be an integer"],
  ];
  for (const [args, text] of refused) {
    assertThrows(() => readConfig(args, NO_ENV), TypeError, text);
  }
});

Deno.test("readConfig() takes a memory limit in bytes, K, M and G", () => {
  for (
    const [text, bytes] of [
      ["0", 0],
      ["67108864", 1024 ** 2 * 64],
      ["65536K", 1024 ** 2 * 64],
      ["512M", 1024 ** 2 * 512],
      ["2g", 1024 ** 3 * 2],
    ] as const
  ) {
    const config = readConfig(["--worker-memory-limit", text], NO_ENV);
    assertEquals(config !== "help" && config.workerMemoryLimit, bytes);
  }
});

Deno.test("checkConfig() refuses a memory limit that is no whole number of bytes", () => {
  for (const workerMemoryLimit of [NaN, -1, 1e9 + 0.5, Infinity, 1000]) {
    assertThrows(() => checkConfig({ workerMemoryLimit }), TypeError, `to ${workerMemoryLimit}`);
  }
});

Deno.test("checkConfig() refuses a log that is no function, and names the option for a level", () => {
  const options = { log: "error" } as unknown as Parameters<typeof checkConfig>[0];
  const message = `Cannot log to "error": 'log' must be a function`;
  assertThrows(() => checkConfig(options), TypeError, message);
  checkConfig({ log: () => {} });
});

Deno.test("checkConfig() refuses an address that others can reach without a token", () => {
  for (const addr of ["0.0.0.0:9000", ":9000", "[::]:9000", "192.168.1.2:9000", "example.org:1"]) {
    assertThrows(() => checkConfig({ bindAddr: addr }), TypeError, "whoever can connect");
    assertThrows(() => checkConfig({ outputAddr: addr }), TypeError, "whoever can connect");
  }
  checkConfig({ bindAddr: "[::1]:0", outputAddr: "127.8.9.1:0" });
  checkConfig({ bindAddr: "0.0.0.0:0", token: TOKEN });
  checkConfig({ bindAddr: "0.0.0.0:0", allowAnyoneWithoutToken: true });
});

Deno.test("checkConfig() refuses a token that can be guessed or mistaken, and never shows it", () => {
  for (const token of ["", "hunter2-hunter2", `${TOKEN} `, `${TOKEN}\n`, `${TOKEN}ä`]) {
    const error = assertThrows(() => checkConfig({ token }), TypeError, "Cannot use the token: ");
    assert(token === "" || !error.message.includes(token.trim()), error.message);
  }
});

Deno.test("readConfig() takes the token from a file that nobody else can read, and says why not", async () => {
  const path = await Deno.makeTempFile();
  const read = (): string | undefined => {
    const config = readConfig(["--token-file", path], NO_ENV);
    return config === "help" ? config : config.token;
  };
  try {
    for (const end of ["", "\n", "\r\n"]) {
      await Deno.writeTextFile(path, TOKEN + end);
      await Deno.chmod(path, 0o600);
      assertEquals(read(), TOKEN);
    }
    for (const mode of [0o640, 0o604, 0o620]) {
      await Deno.chmod(path, mode);
      assertThrows(read, Error, `it has the mode 0${mode.toString(8)}`);
    }
    await Deno.chmod(path, 0o600);
    await Deno.writeTextFile(path, "");
    assertThrows(read, TypeError, "the token is empty");
  } finally {
    await Deno.remove(path);
  }
  assertThrows(read, Error, `Cannot read the token file ${path}`);
  assertThrows(() => readConfig(["--token-file", "/dev/null"], NO_ENV), Error, "it is no file");
});

Deno.test("parseBindAddress() reads names, IPv4 and IPv6", () => {
  assertEquals(parseBindAddress("localhost:9000"), { hostname: "localhost", port: 9000 });
  assertEquals(parseBindAddress("[::1]:0"), { hostname: "::1", port: 0 });
  assertEquals(parseBindAddress(":80"), { hostname: "0.0.0.0", port: 80 });
});

Deno.test("isLocal() takes no name that only looks like an address", () => {
  assertEquals(isLocal({ hostname: "127.0.0.1.example.org", port: 1 }), false);
  assertEquals(isLocal({ hostname: "localhost.example.org", port: 1 }), false);
});
