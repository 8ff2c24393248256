/**
 * The python side's files as text: a package that comes from a registry has no files to read.
 *
 * @module
 */
import afterImport from "../../python/after_import.py" with { type: "text" };
import apart from "../../python/apart.py" with { type: "text" };
import arrays from "../../python/arrays.py" with { type: "text" };
import cStdout from "../../python/c_stdout.py" with { type: "text" };
import cancel from "../../python/cancel.py" with { type: "text" };
import changes from "../../python/changes.py" with { type: "text" };
import classSources from "../../python/class_sources.py" with { type: "text" };
import classes from "../../python/classes.py" with { type: "text" };
import codec from "../../python/codec.py" with { type: "text" };
import compiler from "../../python/compiler.py" with { type: "text" };
import descriptors from "../../python/descriptors.py" with { type: "text" };
import end from "../../python/end.py" with { type: "text" };
import equalKeys from "../../python/equal_keys.py" with { type: "text" };
import errors from "../../python/errors.py" with { type: "text" };
import evaluate from "../../python/evaluate.py" with { type: "text" };
import forks from "../../python/forks.py" with { type: "text" };
import frames from "../../python/frames.py" with { type: "text" };
import guard from "../../python/guard.py" with { type: "text" };
import held from "../../python/held.py" with { type: "text" };
import hooks from "../../python/hooks.py" with { type: "text" };
import imports from "../../python/imports.py" with { type: "text" };
import integers from "../../python/integers.py" with { type: "text" };
import life from "../../python/life.py" with { type: "text" };
import line from "../../python/line.py" with { type: "text" };
import link from "../../python/link.py" with { type: "text" };
import locate from "../../python/locate.py" with { type: "text" };
import main from "../../python/main.py" with { type: "text" };
import mainModule from "../../python/main_module.py" with { type: "text" };
import memory from "../../python/memory.py" with { type: "text" };
import moments from "../../python/moments.py" with { type: "text" };
import msgpack_c from "../../python/msgpack_c.py" with { type: "text" };
import msgpack_pure from "../../python/msgpack_pure.py" with { type: "text" };
import msgpack_read from "../../python/msgpack_read.py" with { type: "text" };
import opaque from "../../python/opaque.py" with { type: "text" };
import outcomes from "../../python/outcomes.py" with { type: "text" };
import output from "../../python/output.py" with { type: "text" };
import page from "../../python/page.py" with { type: "text" };
import patches from "../../python/patches.py" with { type: "text" };
import printed from "../../python/printed.py" with { type: "text" };
import pristine from "../../python/pristine.py" with { type: "text" };
import processes from "../../python/processes.py" with { type: "text" };
import records from "../../python/records.py" with { type: "text" };
import request from "../../python/request.py" with { type: "text" };
import scalars from "../../python/scalars.py" with { type: "text" };
import script from "../../python/script.py" with { type: "text" };
import shell from "../../python/shell.py" with { type: "text" };
import spawned from "../../python/spawned.py" with { type: "text" };
import split from "../../python/split.py" with { type: "text" };
import stderrNote from "../../python/stderr_note.py" with { type: "text" };
import steps from "../../python/steps.py" with { type: "text" };
import streams from "../../python/streams.py" with { type: "text" };
import sweeper from "../../python/sweeper.py" with { type: "text" };
import tables from "../../python/tables.py" with { type: "text" };
import ticker from "../../python/ticker.py" with { type: "text" };
import unbound from "../../python/unbound.py" with { type: "text" };
import uncaught from "../../python/uncaught.py" with { type: "text" };
import values from "../../python/values.py" with { type: "text" };
import worker from "../../python/worker.py" with { type: "text" };
import zones from "../../python/zones.py" with { type: "text" };

/** Name and source of each; a test compares them with the folder. */
export const PYTHON_FILES: Readonly<Record<string, string>> = {
  "after_import.py": afterImport,
  "apart.py": apart,
  "arrays.py": arrays,
  "c_stdout.py": cStdout,
  "cancel.py": cancel,
  "changes.py": changes,
  "class_sources.py": classSources,
  "classes.py": classes,
  "codec.py": codec,
  "compiler.py": compiler,
  "descriptors.py": descriptors,
  "end.py": end,
  "equal_keys.py": equalKeys,
  "errors.py": errors,
  "evaluate.py": evaluate,
  "forks.py": forks,
  "frames.py": frames,
  "guard.py": guard,
  "held.py": held,
  "hooks.py": hooks,
  "imports.py": imports,
  "integers.py": integers,
  "life.py": life,
  "line.py": line,
  "link.py": link,
  "locate.py": locate,
  "main.py": main,
  "main_module.py": mainModule,
  "memory.py": memory,
  "moments.py": moments,
  "msgpack_c.py": msgpack_c,
  "msgpack_pure.py": msgpack_pure,
  "msgpack_read.py": msgpack_read,
  "opaque.py": opaque,
  "outcomes.py": outcomes,
  "output.py": output,
  "page.py": page,
  "patches.py": patches,
  "printed.py": printed,
  "pristine.py": pristine,
  "processes.py": processes,
  "records.py": records,
  "request.py": request,
  "scalars.py": scalars,
  "script.py": script,
  "shell.py": shell,
  "spawned.py": spawned,
  "split.py": split,
  "stderr_note.py": stderrNote,
  "steps.py": steps,
  "streams.py": streams,
  "sweeper.py": sweeper,
  "tables.py": tables,
  "ticker.py": ticker,
  "unbound.py": unbound,
  "uncaught.py": uncaught,
  "values.py": values,
  "worker.py": worker,
  "zones.py": zones,
};
