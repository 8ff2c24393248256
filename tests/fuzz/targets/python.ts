/**
 * An execution that does nothing but answer, and that only when it is told to.
 *
 * @module
 */
import { resultBody } from "../../../fake_server/common/control.ts";
import type { Work } from "../../../fake_server/executors/executor.ts";
import { ResultStatus } from "../../../src/wire/messages.ts";
import { evalParts } from "../../eval_body.ts";
import { MemoryExecution } from "../../memory_executor.ts";
import { concat } from "../bytes.ts";

/** The execution. */
export class IdlePython extends MemoryExecution {
  /** The server closes: it may be killed from now on. */
  isClosing = false;

  override kill(): void {
    if (!this.isClosing) throw new Error("an eval that has an answer was to be killed");
    super.kill();
  }

  /** Answers everything that it has been given: evals with what they came with, the rest with nothing. */
  answer(): void {
    while (this.jobs.length > 0) {
      const { id, work, output } = this.jobs[0]!;
      if (work.kind === "forget") {
        this.finish(ResultStatus.VALUE, resultBody({}));
        continue;
      }
      const values = valuesOf(work);
      if (values !== undefined) {
        this.print("said\n");
        this.finish(ResultStatus.VALUE, concat([Uint8Array.of(0, 0, 0, 1, 0x80), values]));
        continue;
      }
      this.jobs.shift();
      this.sink.broken(id, "it has no code");
      output.outputEnd();
      this.sink.turn(0);
    }
  }
}

/** The values of an eval; undefined if it has no code. */
function valuesOf({ body }: Work & { kind: "eval" }): Uint8Array | undefined {
  try {
    return evalParts(body).values;
  } catch {
    return undefined; // there is no code before them
  }
}
