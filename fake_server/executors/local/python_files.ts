/**
 * The python side's files as text: a package that comes from a registry has no files to read.
 *
 * @module
 */
import apart from "../../python/codec/apart.py" with { type: "text" };
import codec from "../../python/codec/codec.py" with { type: "text" };
import locate from "../../python/codec/locate.py" with { type: "text" };
import msgpack_c from "../../python/codec/msgpack_c.py" with { type: "text" };
import msgpack_parts from "../../python/codec/msgpack_parts.py" with { type: "text" };
import msgpack_pure from "../../python/codec/msgpack_pure.py" with { type: "text" };
import msgpack_read from "../../python/codec/msgpack_read.py" with { type: "text" };
import msgpack_runs from "../../python/codec/msgpack_runs.py" with { type: "text" };
import room from "../../python/codec/room.py" with { type: "text" };
import steps from "../../python/codec/steps.py" with { type: "text" };
import exceptionRecord from "../../python/errors/exception_record.py" with { type: "text" };
import frames from "../../python/errors/frames.py" with { type: "text" };
import printed from "../../python/errors/printed.py" with { type: "text" };
import stderrNote from "../../python/errors/stderr_note.py" with { type: "text" };
import uncaught from "../../python/errors/uncaught.py" with { type: "text" };
import cancel from "../../python/evals/cancel.py" with { type: "text" };
import changes from "../../python/evals/changes.py" with { type: "text" };
import compiler from "../../python/evals/compiler.py" with { type: "text" };
import end from "../../python/evals/end.py" with { type: "text" };
import evaluate from "../../python/evals/evaluate.py" with { type: "text" };
import imports from "../../python/evals/imports.py" with { type: "text" };
import mainModule from "../../python/evals/main_module.py" with { type: "text" };
import patches from "../../python/evals/patches.py" with { type: "text" };
import script from "../../python/evals/script.py" with { type: "text" };
import shell from "../../python/evals/shell.py" with { type: "text" };
import split from "../../python/evals/split.py" with { type: "text" };
import sweeper from "../../python/evals/sweeper.py" with { type: "text" };
import afterImport from "../../python/hooks/after_import.py" with { type: "text" };
import classSources from "../../python/hooks/class_sources.py" with { type: "text" };
import hooks from "../../python/hooks/hooks.py" with { type: "text" };
import spawned from "../../python/hooks/spawned.py" with { type: "text" };
import unbound from "../../python/hooks/unbound.py" with { type: "text" };
import exchange from "../../python/link/exchange.py" with { type: "text" };
import held from "../../python/link/held.py" with { type: "text" };
import link from "../../python/link/link.py" with { type: "text" };
import outcomes from "../../python/link/outcomes.py" with { type: "text" };
import page from "../../python/link/page.py" with { type: "text" };
import request from "../../python/link/request.py" with { type: "text" };
import requests from "../../python/link/requests.py" with { type: "text" };
import cStdout from "../../python/output/c_stdout.py" with { type: "text" };
import line from "../../python/output/line.py" with { type: "text" };
import output from "../../python/output/output.py" with { type: "text" };
import records from "../../python/output/records.py" with { type: "text" };
import streams from "../../python/output/streams.py" with { type: "text" };
import ticker from "../../python/output/ticker.py" with { type: "text" };
import arrays from "../../python/values/arrays.py" with { type: "text" };
import classes from "../../python/values/classes.py" with { type: "text" };
import equalKeys from "../../python/values/equal_keys.py" with { type: "text" };
import integers from "../../python/values/integers.py" with { type: "text" };
import moments from "../../python/values/moments.py" with { type: "text" };
import opaque from "../../python/values/opaque.py" with { type: "text" };
import scalars from "../../python/values/scalars.py" with { type: "text" };
import table from "../../python/values/table.py" with { type: "text" };
import tables from "../../python/values/tables.py" with { type: "text" };
import zones from "../../python/values/zones.py" with { type: "text" };
import descriptors from "../../python/descriptors.py" with { type: "text" };
import forks from "../../python/forks.py" with { type: "text" };
import guard from "../../python/guard.py" with { type: "text" };
import keptMemory from "../../python/kept_memory.py" with { type: "text" };
import life from "../../python/life.py" with { type: "text" };
import main from "../../python/main.py" with { type: "text" };
import memory from "../../python/memory.py" with { type: "text" };
import pristine from "../../python/pristine.py" with { type: "text" };
import processes from "../../python/processes.py" with { type: "text" };
import worker from "../../python/worker.py" with { type: "text" };

/** Path and source of each; a test compares them with the folder. */
export const PYTHON_FILES: Readonly<Record<string, string>> = {
  "codec/apart.py": apart,
  "codec/codec.py": codec,
  "codec/locate.py": locate,
  "codec/msgpack_c.py": msgpack_c,
  "codec/msgpack_parts.py": msgpack_parts,
  "codec/msgpack_pure.py": msgpack_pure,
  "codec/msgpack_read.py": msgpack_read,
  "codec/msgpack_runs.py": msgpack_runs,
  "codec/room.py": room,
  "codec/steps.py": steps,
  "errors/exception_record.py": exceptionRecord,
  "errors/frames.py": frames,
  "errors/printed.py": printed,
  "errors/stderr_note.py": stderrNote,
  "errors/uncaught.py": uncaught,
  "evals/cancel.py": cancel,
  "evals/changes.py": changes,
  "evals/compiler.py": compiler,
  "evals/end.py": end,
  "evals/evaluate.py": evaluate,
  "evals/imports.py": imports,
  "evals/main_module.py": mainModule,
  "evals/patches.py": patches,
  "evals/script.py": script,
  "evals/shell.py": shell,
  "evals/split.py": split,
  "evals/sweeper.py": sweeper,
  "hooks/after_import.py": afterImport,
  "hooks/class_sources.py": classSources,
  "hooks/hooks.py": hooks,
  "hooks/spawned.py": spawned,
  "hooks/unbound.py": unbound,
  "link/exchange.py": exchange,
  "link/held.py": held,
  "link/link.py": link,
  "link/outcomes.py": outcomes,
  "link/page.py": page,
  "link/request.py": request,
  "link/requests.py": requests,
  "output/c_stdout.py": cStdout,
  "output/line.py": line,
  "output/output.py": output,
  "output/records.py": records,
  "output/streams.py": streams,
  "output/ticker.py": ticker,
  "values/arrays.py": arrays,
  "values/classes.py": classes,
  "values/equal_keys.py": equalKeys,
  "values/integers.py": integers,
  "values/moments.py": moments,
  "values/opaque.py": opaque,
  "values/scalars.py": scalars,
  "values/table.py": table,
  "values/tables.py": tables,
  "values/zones.py": zones,
  "descriptors.py": descriptors,
  "forks.py": forks,
  "guard.py": guard,
  "kept_memory.py": keptMemory,
  "life.py": life,
  "main.py": main,
  "memory.py": memory,
  "pristine.py": pristine,
  "processes.py": processes,
  "worker.py": worker,
};
