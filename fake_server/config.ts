/**
 * The server's configuration. Flags override the environment, which overrides the defaults.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { isLocal, parseBindAddress } from "./clients/connections/bind_address.ts";
import type { TlsIdentity } from "./clients/connections/tls_socket.ts";
import { readSecretFiles, type SecretFiles } from "./clients/credentials/secret_files.ts";
import { checkToken } from "./clients/credentials/token.ts";
import { MIN_WORKER_MEMORY_BYTES, type ServerLimits } from "./common/limits.ts";
import { LOG_LEVELS, type LogLevel, type LogSink } from "./common/log.ts";

/** Options of `startServer`. */
export interface ServerOptions {
  /**
   * Where sessions are opened: `host:port`, with port 0 for a free one, or `unix:/path`. Default
   * `127.0.0.1:9000`.
   */
  bindAddr?: string;
  /**
   * Where outputstreams go; it may be the same address. Default `127.0.0.1:9001`, or `bindAddr` if
   * that is a unix socket.
   */
  outputAddr?: string | undefined;
  /**
   * The secret that clients must prove to know; at least 22 visible ASCII characters. Default none:
   * then only this machine can connect.
   */
  token?: string | undefined;
  /** Listen without a token on addresses that others can reach: anyone there can run any code. */
  allowAnyoneWithoutToken?: boolean;
  /** Use TLS on both addresses, with this certificate and key. Default no TLS. */
  tls?: TlsIdentity | undefined;
  /** The number of python processes. Default 3. */
  numWorkers?: number;
  /** The Python interpreter, 3.9 or newer. Default `python3`. */
  python?: string;
  /**
   * The memory limit of one python process, in bytes; 0, the default, means no limit. Code that
   * needs more gets a MemoryError, or its process dies if Python can't raise one. Linux only.
   */
  workerMemoryLimit?: number;
  /** The lowest level that is logged. Default `info`. */
  logLevel?: LogLevel;
  /** Receives the log records. Default none; the program writes them to stderr. */
  log?: LogSink;
  /** For tests: replaces some of the default limits. */
  limits?: Partial<ServerLimits>;
}

/** {@linkcode ServerOptions} with the defaults filled in. */
export type ServerConfig = Required<Omit<ServerOptions, "log" | "limits" | "token" | "tls">> & {
  token: string | undefined;
  tls: TlsIdentity | undefined;
};

const DEFAULTS: ServerConfig = {
  bindAddr: "127.0.0.1:9000",
  outputAddr: "127.0.0.1:9001",
  token: undefined,
  tls: undefined,
  allowAnyoneWithoutToken: false,
  numWorkers: 3,
  python: "python3",
  logLevel: "info",
  workerMemoryLimit: 0,
};

/** More processes than this are a typing error. */
const MAX_NUM_WORKERS = 1_024;

/** What `--help` prints. */
export const HELP: string =
  `The PyProxy server: runs Python code for clients, as the user who starts it.

Usage: deno task server [options]

  --bind-addr HOST:PORT    where sessions are opened   (PYPROXY_BIND_ADDR, ${DEFAULTS.bindAddr})
  --output-addr HOST:PORT  where outputstreams go      (PYPROXY_OUTPUT_ADDR, ${DEFAULTS.outputAddr})
                           either may be unix:/path, and both the same
  --token-file PATH        the token that clients have to know, in a file that only you can read
                           (PYPROXY_TOKEN_FILE; or PYPROXY_TOKEN, the token itself)
  --allow-anyone-without-token
                           listen without a token on addresses that others can reach
  --tls-cert PATH          talk TLS, with this certificate in PEM (PYPROXY_TLS_CERT)
  --tls-key PATH           and this key                (PYPROXY_TLS_KEY)
  --num-workers N          how many python processes   (PYPROXY_NUM_WORKERS, ${DEFAULTS.numWorkers})
  --python PATH            Python 3.9 or newer         (PYPROXY_PYTHON, ${DEFAULTS.python})
  --log-level LEVEL        ${LOG_LEVELS.join(", ")}    (PYPROXY_LOG_LEVEL, ${DEFAULTS.logLevel})
  --worker-memory-limit N  memory of each of them, as
                           512M or 2G; 0 is none       (PYPROXY_WORKER_MEMORY_LIMIT, ${DEFAULTS.workerMemoryLimit})
  --help                   this text

Prints one line on stdout when it is ready, and its log on stderr, a JSON object a line.
SIGTERM and SIGINT let running evals finish for 30 s; a second one ends at once. SIGHUP reads the
token file, the certificate and the key again, for new connections; sessions go on.
`;

type Env = (name: string) => string | undefined;

/** Parses the program's flags. Throws a TypeError for an unknown flag. */
function readFlags(args: string[]) {
  const string = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      options: {
        "bind-addr": string,
        "output-addr": string,
        "token-file": string,
        "allow-anyone-without-token": { type: "boolean" },
        "tls-cert": string,
        "tls-key": string,
        "num-workers": string,
        "python": string,
        "log-level": string,
        "worker-memory-limit": string,
        "help": { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // The message of parseArgs says what is wrong; we add where to look.
    throw new TypeError(`${(error as Error).message} (see --help)`);
  }
}

type Flags = ReturnType<typeof readFlags>;

/** The value of a flag, or of its environment variable. */
function given(
  flags: Flags,
  env: Env,
  flag: Exclude<keyof Flags, "help" | "allow-anyone-without-token">,
): string | undefined {
  return flags[flag] ?? (env(`PYPROXY_${flag.replaceAll("-", "_").toUpperCase()}`) || undefined);
}

/**
 * The paths, from flags and environment, of the files with the token, the certificate and the key.
 *
 * @throws {TypeError} If something in the flags cannot be used.
 */
export function secretFiles(args: string[], env: Env): SecretFiles {
  const flags = readFlags(args);
  return {
    token: given(flags, env, "token-file"),
    cert: given(flags, env, "tls-cert"),
    key: given(flags, env, "tls-key"),
  };
}

/**
 * Reads the program's flags and environment.
 *
 * @returns The configuration, or "help" for `--help`.
 * @throws {TypeError} If something in them cannot be used.
 * @throws {Error} If the token file cannot, or others can read it.
 */
export function readConfig(args: string[], env: Env): ServerConfig | "help" {
  const flags = readFlags(args);
  if (flags.help) return "help";
  const workers = given(flags, env, "num-workers");
  const memory = given(flags, env, "worker-memory-limit");
  const files = secretFiles(args, env);
  const { token = env("PYPROXY_TOKEN") || undefined, tls } = readSecretFiles(files);
  return checkConfig({
    bindAddr: given(flags, env, "bind-addr"),
    outputAddr: given(flags, env, "output-addr"),
    token,
    // There is no variable for this one: it should be visible in the command line.
    allowAnyoneWithoutToken: flags["allow-anyone-without-token"],
    tls,
    numWorkers: workers === undefined ? undefined : readNumber(workers),
    python: given(flags, env, "python"),
    logLevel: given(flags, env, "log-level") as LogLevel | undefined,
    workerMemoryLimit: memory === undefined ? undefined : readBytes(memory),
  });
}

function readNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new TypeError(`Cannot run "${text}" python processes: it must be an integer`);
}

/** Parses a number of bytes, or of KiB, MiB or GiB with the letter K, M or G. */
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
 * Fills in the defaults and checks the result.
 *
 * @throws {TypeError} If a server cannot run with it.
 */
export function checkConfig(options: ServerOptions): ServerConfig {
  const config: ServerConfig = {
    bindAddr: options.bindAddr ?? DEFAULTS.bindAddr,
    outputAddr: options.outputAddr ??
      (options.bindAddr?.startsWith("unix:") ? options.bindAddr : DEFAULTS.outputAddr),
    token: options.token,
    tls: options.tls,
    allowAnyoneWithoutToken: options.allowAnyoneWithoutToken ?? DEFAULTS.allowAnyoneWithoutToken,
    numWorkers: options.numWorkers ?? DEFAULTS.numWorkers,
    python: options.python ?? DEFAULTS.python,
    logLevel: options.logLevel ?? DEFAULTS.logLevel,
    workerMemoryLimit: options.workerMemoryLimit ?? DEFAULTS.workerMemoryLimit,
  };
  if (config.token !== undefined) checkToken(config.token);
  checkUnix(config);
  for (const addr of [config.bindAddr, config.outputAddr]) {
    if (isLocal(parseBindAddress(addr))) continue;
    if (config.token !== undefined || config.allowAnyoneWithoutToken) continue;
    throw new TypeError(
      `Cannot listen on ${addr}: others can reach it, and whoever can connect can run any code ` +
        `here; set PYPROXY_TOKEN or --token-file, or use a loopback address as 127.0.0.1:9000`,
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
  if (options.log !== undefined && typeof options.log !== "function") {
    throw new TypeError(
      `Cannot log to "${
        String(options.log)
      }": 'log' must be a function that takes each record; the ` +
        `level is 'logLevel'`,
    );
  }
  return config;
}

/** Whether one socket serves both streams. Port 0 gives a different port each time. */
export function isSameAddress({ bindAddr, outputAddr }: ServerConfig): boolean {
  return bindAddr === outputAddr && !bindAddr.endsWith(":0");
}

function checkUnix({ bindAddr, outputAddr, tls }: ServerConfig): void {
  const count = [bindAddr, outputAddr].filter((addr) => "path" in parseBindAddress(addr)).length;
  if (count === 1) {
    throw new TypeError(
      `Cannot listen on ${bindAddr} and ${outputAddr}: both must be unix sockets, or neither`,
    );
  }
  if (count > 0 && tls !== undefined) {
    throw new TypeError(`Cannot talk TLS on ${bindAddr}: it is a unix socket`);
  }
}
