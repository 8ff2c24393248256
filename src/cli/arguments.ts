/**
 * What the command line asks for.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DEFAULT_ADDRESS } from "../api/options.ts";

/** The command line cannot be understood. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Where the server is, and what it wants to see. */
export interface ServerOptions {
  addr: string;
  /** The token itself, from the environment, unless there is a file. */
  token: string | undefined;
  tokenFile: string | undefined;
  tls: boolean;
  /** The certificates of the authority that has signed the server's. */
  caFile: string | undefined;
}

/** One subcommand with what belongs to it. */
export type Command =
  | { kind: "help" | "version" }
  | { kind: "eval"; server: ServerOptions; code: string; json: boolean }
  | { kind: "run"; server: ServerOptions; file: string; args: string[] }
  | { kind: "repl"; server: ServerOptions }
  | { kind: "serve"; args: string[] };

/** What `--help` prints. */
export const HELP: string = `Runs Python code on a PyProxy server.

Usage: pyproxy [options] command

  eval CODE         run CODE; print the value of its last expression as Python does, unless None
  run FILE [ARG..]  run a file of this machine there, with its output, its exit code, its sys.argv
  repl              a Python prompt, with history and completion
  serve [OPTION..]  start the reference server (Deno only); serve --help tells its options
  CODE and FILE may be -, which reads stdin.

Options:
  --addr HOST:PORT   the server                       (PYPROXY_ADDR, ${DEFAULT_ADDRESS})
  --token-file FILE  where the server's token stands  (PYPROXY_TOKEN_FILE; or PYPROXY_TOKEN,
                     the token itself)
  --tls              talk TLS
  --ca-file FILE     trust the authority of these certificates (PEM); implies --tls
  --json             eval: print the value as one line of JSON, and what the code prints on stderr.
                     Sets are arrays, dicts with keys that are no strings arrays of pairs, bytes
                     base64; big integers keep their digits; nan and inf are strings, and so is
                     what JSON does not know: dates in ISO 8601, the rest as its text or repr.
                     Arrays of numpy are arrays, tables of pandas arrays of their rows as objects
  --version          print the version
  -h, --help         this text

Ctrl-C interrupts the remote code (KeyboardInterrupt), a second one ends at once.
Exit codes: those of Python for eval, run and repl; 2 if this command line is wrong, 125 if the
server cannot be reached or is lost.
`;

const OPTIONS = {
  "addr": { type: "string" },
  "token-file": { type: "string" },
  "tls": { type: "boolean" },
  "ca-file": { type: "string" },
  "json": { type: "boolean" },
  "version": { type: "boolean" },
  "help": { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 *
 * @throws {UsageError} If it is none.
 */
export function readArguments(
  args: string[],
  env: (name: string) => string | undefined,
): Command {
  const [own, rest] = split(args);
  const { values, positionals } = parse(own);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const [kind, operand, ...more] = positionals;
  const server: ServerOptions = {
    addr: values.addr ?? (env("PYPROXY_ADDR") || DEFAULT_ADDRESS),
    token: env("PYPROXY_TOKEN") || undefined,
    tokenFile: values["token-file"] ?? (env("PYPROXY_TOKEN_FILE") || undefined),
    tls: values.tls === true || values["ca-file"] !== undefined,
    caFile: values["ca-file"],
  };
  if (values.json && kind !== "eval") throw new UsageError("--json is for eval");
  switch (kind) {
    case "eval":
      if (more.length > 0) throw new UsageError("eval takes one argument: quote the code");
      return { kind, server, code: needed(operand, "eval needs code"), json: !!values.json };
    case "run":
      return { kind, server, file: needed(operand, "run needs a file"), args: rest };
    case "repl":
      if (operand !== undefined) throw new UsageError(`repl takes no argument, got "${operand}"`);
      return { kind, server };
    case "serve":
      return { kind, args: rest };
    case undefined:
      throw new UsageError("no command was given");
    default:
      throw new UsageError(`there is no command "${kind}"`);
  }
}

/** The arguments that are ours, and those behind `run FILE` or `serve`. */
function split(args: string[]): [own: string[], rest: string[]] {
  const { tokens } = parseArgs({ args, options: OPTIONS, strict: false, tokens: true });
  const [command, operand] = tokens.filter(({ kind }) => kind === "positional");
  const last = command === undefined
    ? undefined
    : args[command.index] === "run"
    ? operand
    : args[command.index] === "serve"
    ? command
    : undefined;
  if (last === undefined) return [args, []];
  return [args.slice(0, last.index + 1), args.slice(last.index + 1)];
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function needed(operand: string | undefined, message: string): string {
  if (operand === undefined) throw new UsageError(message);
  return operand;
}
