/**
 * The Python side of the command: runs files and lines as the interpreter itself does, in a module
 * `__main__` of their own. It lives in a namespace of its own, so that nothing of it is seen there.
 *
 * @module
 */
import { NamespaceGoneError } from "../errors.ts";
import type { Future } from "../future.ts";
import type { RemoteProcess } from "../remote_process.ts";

/** The namespace. */
const NAMESPACE = "pyproxy cli";

const SOURCE = String.raw`
import ast, builtins, code, linecache, rlcompleter, sys, threading, traceback, types

main = types.ModuleType("__main__")
main.__builtins__ = builtins


def exit_code(error):
    """The exit code of a SystemExit, and what Python prints about it."""
    status = error.code
    if status is None:
        return 0, ""
    if isinstance(status, int):
        return status & 0xFF, ""
    return 1, "%s\n" % (status,)


def report(error, tb):
    """What Python prints about an exception; a hook of the user's prints by itself."""
    if sys.excepthook is not sys.__excepthook__:
        sys.excepthook(type(error), error, tb)
        return ""
    shown = traceback.TracebackException(type(error), error, tb)
    drop_own_frames(shown)
    return "".join(shown.format())


def drop_own_frames(shown):
    """A KeyboardInterrupt is raised in a signal handler of the server's."""
    shown.stack[:] = [f for f in shown.stack if "/pyproxy_worker/" not in f.filename]
    for other in (shown.__cause__, shown.__context__):
        if other is not None:
            drop_own_frames(other)


def execute(tree, filename, shows_value):
    last = tree.body[-1:] if shows_value else []
    if last and isinstance(last[0], ast.Expr):
        del tree.body[-1]
    else:
        last = []
    exec(compile(tree, filename, "exec", dont_inherit=True), main.__dict__)
    if last:
        # A statement of the prompt: sys.displayhook prints its value.
        value = compile(ast.Interactive(last), filename, "single", dont_inherit=True)
        exec(value, main.__dict__)


def run(source, filename, argv, shows_value):
    """Runs a file as "python FILE" does: its exit code, and the traceback if there is one."""
    sys.modules["__main__"] = main
    if argv:
        main.__file__ = filename
    lines = [line + "\n" for line in source.splitlines()]
    linecache.cache[filename] = len(source), None, lines, filename
    before = set(threading.enumerate())
    saved = sys.argv
    sys.argv = argv or ["-c"]
    try:
        tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        execute(tree, filename, shows_value)
        for thread in set(threading.enumerate()) - before:
            if not thread.daemon:
                thread.join()
        return 0, ""
    except SystemExit as error:
        return exit_code(error)
    except BaseException as error:
        tb = error.__traceback__.tb_next
        while tb is not None and tb.tb_frame.f_globals is globals():
            tb = tb.tb_next
        return 130 if isinstance(error, KeyboardInterrupt) else 1, report(error, tb)
    finally:
        sys.argv = saved
        linecache.cache.pop(filename, None)


class Console(code.InteractiveConsole):
    """A prompt; what it has to say about errors is kept for the client, which colours it."""

    said = ""

    def write(self, data):
        self.said += data

    def showtraceback(self):
        kind, error, tb = sys.exc_info()
        sys.last_type, sys.last_value, sys.last_traceback = kind, error, tb
        self.write(report(error, tb.tb_next))


console = Console(main.__dict__, "<stdin>")


def push(line):
    """Takes a line: whether more is needed, what is to be printed, the exit code at the end."""
    sys.modules["__main__"] = main
    console.said = ""
    try:
        return console.push(line), console.said, None
    except SystemExit as error:
        status, said = exit_code(error)
        return False, said, status


def complete(text):
    """How a word may go on."""
    completer = rlcompleter.Completer(main.__dict__)
    matches = []
    while len(matches) < 1000:
        match = completer.complete(text, len(matches))
        if match is None:
            break
        matches.append(match)
    return matches


"Python %s on %s" % (sys.version.replace("\n", ""), sys.platform)
`;

/** What became of a file: its exit code, and what Python prints about it. */
export type Ran = [status: number, said: string];

/** What became of a line: whether more is needed, what is to be printed, the exit code at an end. */
export type Pushed = [more: boolean, said: string, status: number | null];

/** The Python side in a remote process. */
export class Shell {
  readonly #remote: RemoteProcess;

  /** Makes one; {@linkcode Shell.start} has to be called before the rest. */
  constructor(remote: RemoteProcess) {
    this.#remote = remote;
  }

  /** Defines it, with variables of its own; gives Python's name and version. */
  start(): Future<string> {
    return this.#remote.eval(SOURCE, { namespace: NAMESPACE });
  }

  /** Runs a file; without arguments it is code, and has no `__file__`. */
  run(source: string, filename: string, argv: string[], showsValue: boolean): Future<Ran> {
    return this.#call("run(source, filename, argv, shows_value)", {
      source,
      filename,
      argv,
      shows_value: showsValue,
    });
  }

  /**
   * After an eval that failed as a whole, or lines that are not to go on: clears the prompt, and
   * starts anew where the python process is another one.
   *
   * @returns Whether the variables are still there.
   */
  async recover(): Promise<boolean> {
    try {
      await this.#call("console.resetbuffer()", {});
      return true;
    } catch (error) {
      if (!(error instanceof NamespaceGoneError)) throw error;
      await this.start();
      return false;
    }
  }

  /** Takes a line of the prompt. */
  push(line: string): Future<Pushed> {
    return this.#call("push(line)", { line });
  }

  /** How a word may go on. */
  complete(text: string): Future<string[]> {
    return this.#call("complete(text)", { text });
  }

  #call<T>(code: string, locs: Record<string, unknown>): Future<T> {
    return this.#remote.eval(code, { namespace: NAMESPACE, locs });
  }
}
