// The prompt in a terminal of its own: what a person sees.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS, inTerminal, type Program, server, shareServer } from "./program.ts";

shareServer();

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const UP = "\x1b[A";

/** A prompt in a home of its own. */
async function open(
  command: string[],
  home: string,
  env: Record<string, string> = {},
): Promise<
  AsyncDisposable & { terminal: Program; say: (line: string, answer: string) => Promise<void> }
> {
  const terminal = inTerminal([...command, "--addr", server().addr, "repl"], {
    HOME: home,
    ...env,
  });
  await terminal.until(">>> ");
  return {
    terminal,
    /** Types a line; waits for what is to come after it, and for the next prompt. */
    async say(line, answer) {
      const from = terminal.stdout.length;
      await terminal.type(`${line}\r`);
      await terminal.until((text) => {
        const after = text.slice(from);
        return after.includes(answer) && /\n(>>>|\.\.\.) $/.test(plain(after));
      });
    },
    [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose](),
  };
}

/** What a terminal was sent, without what moves the cursor and colours. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "");
}

for (const [runtime, command] of COMMANDS) {
  Deno.test(`repl keeps variables and takes statements of several lines, under ${runtime}`, async () => {
    const home = await Deno.makeTempDir();
    await using own = await open(command, home);
    assertStringIncludes(own.terminal.stdout, "Python 3.");
    await own.say("x = 20", "");
    await own.say("x + 1", "\r\n21\r\n");
    await own.say("for i in range(2):", "... ");
    await own.say("    print('line', i)", "... ");
    await own.say("", "line 0\r\nline 1\r\n");
    await own.say("1/0", "ZeroDivisionError");
    await own.say("print('no newline', end='')", "no newline\r\n");
    await own.terminal.type(CTRL_D);
    assertEquals(await own.terminal.code, 0);
    // What was typed is there the next time.
    await using next = await open(command, home);
    await next.say(`${UP}${UP}`, "ZeroDivisionError");
    await next.say("exit(3)", "").catch(() => undefined);
    assertEquals(await next.terminal.code, 3);
    await Deno.remove(home, { recursive: true });
  });

  Deno.test(`repl completes names and colours tracebacks, under ${runtime}`, async () => {
    const home = await Deno.makeTempDir();
    await using own = await open(command, home, { NO_COLOR: "" });
    await own.say("number = 5", "");
    await own.terminal.type("number.bit_l\t");
    await own.terminal.until("number.bit_length(");
    await own.terminal.type(CTRL_C);
    await own.terminal.until("KeyboardInterrupt");
    await own.say("1/0", "\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m");
    await Deno.remove(home, { recursive: true });
  });

  Deno.test(`repl takes input that is typed while code runs, under ${runtime}`, async () => {
    const home = await Deno.makeTempDir();
    await using own = await open(command, home);
    await own.terminal.type("print('be' + 'gun', flush=True); import time; time.sleep(0.3)\r");
    await own.terminal.until("begun");
    await own.terminal.type("6 *");
    await own.terminal.until(/begun\r\n[^]*>>> [^]*6 \*/);
    await own.say(" 7", "\r\n42\r\n");
    await Deno.remove(home, { recursive: true });
  });

  Deno.test(`Ctrl-C in repl drops a line or interrupts code, and twice ends it, under ${runtime}`, async () => {
    const home = await Deno.makeTempDir();
    await using own = await open(command, home);
    const { terminal } = own;
    await own.say("if True:", "... ");
    await terminal.type(`    half${CTRL_C}`);
    await terminal.until("KeyboardInterrupt");
    await own.say("'after'", "'after'");
    await own.say("import time", "");
    await terminal.type("print('be' + 'gun', flush=True); time.sleep(60)\r");
    await terminal.until("begun");
    await terminal.type(CTRL_C);
    await terminal.until("Traceback");
    await own.say("'still ' + 'here'", "'still here'");
    await own.say("def stubborn():", "... ");
    await own.say("  while True:", "... ");
    await own.say("    try: print('stub' + 'born', flush=True); time.sleep(60)", "... ");
    await own.say("    except KeyboardInterrupt: print('n' + 'o', flush=True)", "... ");
    await own.say("", "");
    await terminal.type("stubborn()\r");
    await terminal.until("stubborn\r\n");
    await terminal.type(CTRL_C);
    await terminal.until("no\r\n");
    await terminal.type(CTRL_C);
    assertEquals(await terminal.code, 130);
    await Deno.remove(home, { recursive: true });
  });

  Deno.test(`repl reports the death of the Python process and goes on, under ${runtime}`, async () => {
    const home = await Deno.makeTempDir();
    await using own = await open(command, home);
    await own.say("x = 1", "");
    await own.say("import os; os._exit(3)", "all variables are gone with the Python process");
    assert(own.terminal.stdout.includes("exit code 3"));
    await own.say("x", "NameError");
    await own.say("6 * 7", "42");
    await Deno.remove(home, { recursive: true });
  });
}
