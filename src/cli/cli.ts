/**
 * The command as a function of its arguments.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { PyProxyError } from "../api/errors.ts";
import { VERSION } from "../common/version.ts";
import type { RemoteProcess } from "../session/remote_process.ts";
import { connect } from "../session/session.ts";
import { type Command, HELP, readArguments, type ServerOptions, UsageError } from "./arguments.ts";
import { evaluate, evaluateJson } from "./eval.ts";
import { repl } from "./repl.ts";
import { run } from "./run.ts";
import { OutputClosedError, print, printError } from "./terminal.ts";

/** Exit code: the command line is wrong. */
const USAGE_EXIT = 2;

/** Exit code: the server cannot be reached or was lost. As in docker, Python does not use it. */
const LOST_EXIT = 125;

/** Exit code: the reader of the output is gone, as a shell reports a program that SIGPIPE ended. */
const CLOSED_EXIT = 141;

/** An error of this side whose message is enough. */
class Complaint extends Error {}

/** Runs a command line; returns the exit code. */
export async function cli(args: string[]): Promise<number> {
  try {
    return await carryOut(readArguments(args, (name) => process.env[name]));
  } catch (error) {
    if (error instanceof UsageError) {
      await printError(`${error.message} (see --help)`);
      return USAGE_EXIT;
    }
    if (error instanceof OutputClosedError) return CLOSED_EXIT;
    if (error instanceof TypeError || error instanceof Complaint) {
      await printError(error.message);
      return USAGE_EXIT;
    }
    if (!(error instanceof PyProxyError)) throw error;
    await printError(error.message);
    return LOST_EXIT;
  }
}

async function carryOut(command: Command): Promise<number> {
  switch (command.kind) {
    case "help":
      await print(HELP);
      return 0;
    case "version":
      await print(`${VERSION}\n`);
      return 0;
    case "serve":
      return await serve(command.args);
    case "repl": {
      await using remote = await open(command.server);
      return await repl(remote, command.server.addr);
    }
    case "eval": {
      const code = command.code === "-" ? await readText(command.code) : command.code;
      await using remote = await open(command.server);
      return command.json ? await evaluateJson(remote, code) : await evaluate(remote, code);
    }
    case "run": {
      const source = await readBytes(command.file);
      await using remote = await open(command.server, "own");
      return await run(remote, source, command.file, command.args);
    }
  }
}

async function open(
  { addr, ...given }: ServerOptions,
  process: "shared" | "own" = "shared",
): Promise<RemoteProcess> {
  const { tokenFile, caFile } = given;
  const token = tokenFile === undefined ? given.token : (await readText(tokenFile)).trim();
  const tls = caFile === undefined ? given.tls : { caCerts: [await readText(caFile)] };
  return await connect(addr, { name: "cli", process, token, tls });
}

/** Reads a text, or stdin for `-`. */
async function readText(file: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(file));
}

/** Reads a file, or stdin for `-`. */
async function readBytes(file: string): Promise<Uint8Array> {
  try {
    if (file !== "-") return await readFile(file);
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return await new Blob(chunks as Uint8Array<ArrayBuffer>[]).bytes();
  } catch (error) {
    throw new Complaint(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Starts the server, which ends the program by itself. */
async function serve(args: string[]): Promise<number> {
  const elsewhere = "run it from JSR: deno run -A jsr:@pyproxy/client/cli serve";
  if (!("Deno" in globalThis)) {
    throw new Complaint(`Cannot serve: the server runs in Deno only; ${elsewhere}`);
  }
  // A computed name, which types and `deno pack` do not follow: the npm package has only the
  // client.
  const program = import.meta.resolve("../../fake_server/main.ts");
  let run: (args: string[]) => Promise<void>;
  try {
    ({ run } = await import(program));
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Complaint(`Cannot serve: the npm package has the client alone; ${elsewhere}`);
  }
  await run(args);
  return await new Promise<number>(() => {});
}
