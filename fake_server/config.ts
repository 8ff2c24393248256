/**
 * What the server is told: flags before environment before defaults.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { LOG_LEVELS, type LogLevel, type LogSink } from "./log.ts";
import { MIN_WORKER_MEMORY_BYTES, type ServerLimits } from "./limits.ts";
import { isLoopback, parseBindAddress } from "./loopback.ts";

/** Options of `startServer`. */
export interface ServerOptions {
  /** Where sessions are opened. Default `127.0.0.1:9000`; port 0 takes a free one. */
  bindAddr?: string;
  /** Where outputstreams go. Default `127.0.0.1:9001`. */
  outputAddr?: string;
  /** How many python processes there are. Default 3. */
  numWorkers?: number;
  /** The Python interpreter, 3.9 or newer. Default `python3`. */
  python?: string;
  /**
   * The memory that one python process may have, in bytes; 0, the default, is no limit. Code that
   * wants more gets a MemoryError, or dies with its process where there is no way to raise one.
   * Linux only.
   */
  workerMemoryLimit?: number;
  /** The least level of what is logged. Default `info`. */
  logLevel?: LogLevel;
  /** Where log records go. Default nowhere; the program writes them to stderr. */
  log?: LogSink;
  /** For tests: limits other than the default ones. */
  limits?: Partial<ServerLimits>;
}

/** {@linkcode ServerOptions} with everything a server needs to know. */
export type ServerConfig = Required<Omit<ServerOptions, "log" | "limits">>;

const DEFAULTS: ServerConfig = {
  bindAddr: "127.0.0.1:9000",
  outputAddr: "127.0.0.1:9001",
  numWorkers: 3,
  python: "python3",
  logLevel: "info",
  workerMemoryLimit: 0,
};

/** More processes than this are a slip of the keyboard, not a wish. */
const MAX_NUM_WORKERS = 1_024;

/** What `--help` prints. */
export const HELP: string =
  `The PyProxy server: runs Python code for clients, as the user who starts it.

Usage: deno task server [options]

  --bind-addr HOST:PORT    where sessions are opened   (PYPROXY_BIND_ADDR, ${DEFAULTS.bindAddr})
  --output-addr HOST:PORT  where outputstreams go      (PYPROXY_OUTPUT_ADDR, ${DEFAULTS.outputAddr})
  --num-workers N          how many python processes   (PYPROXY_NUM_WORKERS, ${DEFAULTS.numWorkers})
  --python PATH            Python 3.9 or newer         (PYPROXY_PYTHON, ${DEFAULTS.python})
  --log-level LEVEL        ${LOG_LEVELS.join(", ")}    (PYPROXY_LOG_LEVEL, ${DEFAULTS.logLevel})
  --worker-memory-limit N  memory of each of them, as
                           512M or 2G; 0 is none       (PYPROXY_WORKER_MEMORY_LIMIT, ${DEFAULTS.workerMemoryLimit})
  --help                   this text

Prints one line on stdout when it is ready, and its log on stderr, a JSON object a line.
SIGTERM and SIGINT let running evals finish for 30 s; a second one ends at once.
`;

/**
 * Reads the program's flags and environment.
 *
 * @returns The options, or "help" if that was asked for.
 * @throws {TypeError} If something in them cannot be used.
 */
export function readConfig(
  args: string[],
  env: (name: string) => string | undefined,
): ServerConfig | "help" {
  const string = { type: "string" } as const;
  let flags;
  try {
    flags = parseArgs({
      args,
      options: {
        "bind-addr": string,
        "output-addr": string,
        "num-workers": string,
        "python": string,
        "log-level": string,
        "worker-memory-limit": string,
        "help": { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // parseArgs says what is wrong; which program says it, and where to look, it cannot know.
    throw new TypeError(`${(error as Error).message} (see --help)`);
  }
  if (flags.help) return "help";
  const given = (flag: Exclude<keyof typeof flags, "help">) =>
    flags[flag] ?? (env(`PYPROXY_${flag.replaceAll("-", "_").toUpperCase()}`) || undefined);
  const workers = given("num-workers");
  const memory = given("worker-memory-limit");
  return checkConfig({
    bindAddr: given("bind-addr"),
    outputAddr: given("output-addr"),
    numWorkers: workers === undefined ? undefined : readNumber(workers),
    python: given("python"),
    logLevel: given("log-level") as LogLevel | undefined,
    workerMemoryLimit: memory === undefined ? undefined : readBytes(memory),
  });
}

function readNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new TypeError(`Cannot run "${text}" python processes: it must be an integer`);
}

/** Bytes, or KiB, MiB or GiB with the letter that other programs take for them. */
function readBytes(text: string): number {
  const [, digits, unit] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  if (digits !== undefined) {
    return Number(digits) * 1024 ** " KMG".indexOf(unit!.toUpperCase() || " ");
  }
  throw new TypeError(
    `Cannot limit the memory of python processes to "${text}": it must be a number of bytes, or ` +
      `one with K, M or G behind it, as 512M`,
  );
}

/**
 * Fills in the defaults and checks that a server can run with the result.
 *
 * @throws {TypeError} If it cannot.
 */
export function checkConfig(options: ServerOptions): ServerConfig {
  const config: ServerConfig = {
    bindAddr: options.bindAddr ?? DEFAULTS.bindAddr,
    outputAddr: options.outputAddr ?? DEFAULTS.outputAddr,
    numWorkers: options.numWorkers ?? DEFAULTS.numWorkers,
    python: options.python ?? DEFAULTS.python,
    logLevel: options.logLevel ?? DEFAULTS.logLevel,
    workerMemoryLimit: options.workerMemoryLimit ?? DEFAULTS.workerMemoryLimit,
  };
  for (const addr of [config.bindAddr, config.outputAddr]) {
    if (isLoopback(parseBindAddress(addr).hostname)) continue;
    throw new TypeError(
      `Cannot listen on ${addr}: whoever can connect can run any code here, and this version has ` +
        `no token to tell who that is; use a loopback address, as 127.0.0.1:9000, and a tunnel`,
    );
  }
  const { numWorkers } = config;
  if (!Number.isInteger(numWorkers) || numWorkers < 1 || numWorkers > MAX_NUM_WORKERS) {
    throw new TypeError(
      `Cannot run ${numWorkers} python processes: it must be an integer from 1 to ${MAX_NUM_WORKERS}`,
    );
  }
  const { workerMemoryLimit: memory } = config;
  if (memory !== 0 && (!Number.isSafeInteger(memory) || memory < MIN_WORKER_MEMORY_BYTES)) {
    throw new TypeError(
      `Cannot limit the memory of python processes to ${memory} bytes: it must be an integer of at ` +
        `least ${MIN_WORKER_MEMORY_BYTES} (64M), or 0 for no limit`,
    );
  }
  if (memory !== 0 && Deno.build.os !== "linux") {
    throw new TypeError(
      `Cannot limit the memory of python processes on ${Deno.build.os}: only Linux has a limit that holds`,
    );
  }
  if (!LOG_LEVELS.includes(config.logLevel)) {
    throw new TypeError(
      `Cannot log at level "${config.logLevel}": it must be one of ${LOG_LEVELS.join(", ")}`,
    );
  }
  return config;
}
