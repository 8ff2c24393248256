/**
 * PyProxy in a terminal.
 *
 * ```sh
 * deno run -A jsr:@pyproxy/client/cli eval "2 ** 100"
 * deno run -A jsr:@pyproxy/client/cli run script.py one two
 * deno run -A jsr:@pyproxy/client/cli repl
 * deno run -A jsr:@pyproxy/client/cli serve
 * ```
 *
 * `--help` says more. `eval` and `run` need less than `-A`: `--allow-net` for the server's two
 * addresses, `--allow-env`, and `--allow-read` for the given files.
 *
 * @module
 */
import "../common/runtime.ts";
import process from "node:process";
import { cli } from "./cli.ts";

process.exit(await cli(process.argv.slice(2)));
