/**
 * Parses the command line.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DEFAULT_ADDRESS } from "../api/options.ts";

/** Thrown if the command line is wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** How to reach the server. */
export interface ServerOptions {
  addr: string;
  /** The token itself, from the environment, unless there is a token file. */
  token: string | undefined;
  tokenFile: string | undefined;
  tls: boolean;
  /** The file with the certificate of the authority that signed the server's. */
  caFile: string | undefined;
}

/** A subcommand with its arguments. */
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
  --token-file FILE  the file with the server's token (PYPROXY_TOKEN_FILE; or PYPROXY_TOKEN,
                     the token itself)
  --tls              use TLS
  --ca-file FILE     trust these certificate authorities (PEM); implies --tls
  --json             eval: print the value as one line of JSON, and the code's output to stderr.
                     Sets become arrays, dicts with keys other than strings arrays of pairs, and
                     bytes base64. Big integers keep their digits; nan and inf are strings. Dates
                     are strings in ISO 8601, other types their text or repr. Arrays of numpy are
                     arrays, tables of pandas arrays of objects, one a row
  --version          print the version
  -h, --help         this text

Ctrl-C interrupts the remote code (KeyboardInterrupt); a second one ends the command at once.
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
 * @throws {UsageError} If it is wrong.
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

/** Splits the arguments into those of this command, and those after `run FILE` or `serve`. */
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
