/**
 * One Python process and its guard (LINK.md), from the start to the last byte that it has written.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Outbox } from "../../../src/transport/outbox.ts";
import type { Frame } from "../../../src/wire/frame.ts";
import { FrameReader } from "../../../src/wire/frame_reader.ts";
import { MAX_FRAME_BODY_BYTES } from "../../../src/wire/limits.ts";
import { MessageType } from "../../../src/wire/messages.ts";
import { Control } from "../../common/control.ts";
import { exitText } from "../../common/exit.ts";
import type { KeptBuffers } from "../../common/kept_buffers.ts";
import { LAST_BYTES_DEADLINE_MS } from "../../common/limits.ts";
import { errorText } from "../../common/log.ts";
import { lacksDescriptors } from "../../common/shortage.ts";
import type { Death, PythonInfo } from "../executor.ts";
import { StartError } from "../start_error.ts";
import { inDirectory } from "./directory.ts";
import { Guard } from "./guard.ts";
import { outboxOf } from "./link/connection_outbox.ts";
import { LinkType, READ_FLAG } from "./link/link.ts";
import { LinkDoor } from "./link/link_door.ts";
import { Page } from "./link/page.ts";
import { RequestSocket } from "./link/request_socket.ts";
import { Results } from "./link/results.ts";
import { Pipes } from "./output/pipes.ts";
import { Rest } from "./output/rest.ts";
import type { ProcessEvents } from "./process_events.ts";
import type { ProcessOptions } from "./process_options.ts";

/** One Python process. */
export class PythonProcess {
  /** 16 random bytes after 0xFF mark the records in its pipes. */
  readonly nonce: Uint8Array;
  readonly #page: Page;
  readonly #buffers: KeptBuffers;
  /** Resolves when the process is dead and everything it has sent has been told. */
  readonly exited: Promise<Death>;
  #info: PythonInfo | undefined;
  #events: ProcessEvents | undefined;
  readonly #guard: Guard;
  readonly #pipes: Pipes;
  #link: { connection: Deno.UnixConn; outbox: Outbox } | undefined;
  #linkEnded: Promise<void> | undefined;
  /** The process was ended because its link was closed, as exec() does. */
  #isUnlinked = false;
  #requests: RequestSocket | undefined;
  readonly #rest: Rest;
  readonly #results: Results;

  /**
   * Starts a Python process and waits until it is READY.
   *
   * @throws {StartError} If it does not come up; nothing of it is left then.
   */
  static async start(options: ProcessOptions): Promise<PythonProcess> {
    const socket = `${options.directory}/${options.name}.sock`;
    const page = `${options.directory}/${options.name}.page`;
    let process: PythonProcess | undefined;
    try {
      using door = inDirectory(options.directory, () => new LinkDoor(socket));
      process = new PythonProcess(options, page);
      await process.#handshake(door, options, { socket, page });
      return process;
    } catch (error) {
      if (error instanceof StartError) throw error;
      let text = "";
      if (process !== undefined) {
        await process.#abort();
        text = process.#pipes.startText;
      }
      const why = lacksDescriptors(error)
        ? "the server has no descriptors left; raise the limit with ulimit -n"
        : errorText(error);
      throw new StartError(
        `Cannot start python "${options.python}": ${why}${text ? `: ${text}` : ""}`,
        { cause: error },
      );
    } finally {
      // Both ends have opened them, or never will. The names are not needed any more.
      for (const path of [socket, page]) await Deno.remove(path).catch(ignoreMissing);
    }
  }

  private constructor(options: ProcessOptions, page: string) {
    this.nonce = crypto.getRandomValues(new Uint8Array(16));
    this.nonce[0] = 0xff;
    this.#page = inDirectory(options.directory, () => new Page(page));
    this.#rest = new Rest(Pipes.COUNT, (rests) => this.#page.rest(rests));
    this.#results = new Results(this.#page, this.#rest, {
      frame: (frame) => this.#frame(frame),
      turn: () => this.#events!.turn(),
      broken: (error) => this.#broken(error),
    });
    this.#buffers = options.buffers;
    try {
      this.#guard = new Guard(options.python, options.main, options.env);
    } catch (error) {
      this.#page.close();
      throw error;
    }
    this.#pipes = new Pipes(this.#guard.pipes, this.#rest, {
      catchUp: () => this.#results.catchUp(),
      output: (pipe, chunk) => this.#events!.output(pipe, chunk),
      broken: (error) => this.#broken(error),
    });
    this.exited = this.#untilExit();
  }

  /** What READY said. */
  get info(): PythonInfo {
    if (this.#info === undefined) throw new Error("the python process is not READY");
    return this.#info;
  }

  /** The pid of the guard, which ends when the Python process does. */
  get guardPid(): number {
    return this.#guard.pid;
  }

  /** How many milliseconds all its finished jobs took together. */
  spentMs(): number {
    return this.#page.spentMs();
  }

  /** Begins to tell what comes. Until then only READY has been read. */
  listen(events: ProcessEvents): void {
    this.#events = events;
    this.#pipes.tell();
    // A process that has died in reserve has no link any more.
    if (this.#link !== undefined) this.#linkEnded = this.#readLink(this.#link.connection);
    this.#requests?.listen(events.request).catch((error) => this.#broken(error));
  }

  /** Sends a frame in pieces. Large ones must not change from now on; small ones are copied. */
  send(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#link?.outbox.send(piece);
    this.#results.given();
  }

  /** Stops a job: it gets one KeyboardInterrupt, and no other job does; or it is skipped. */
  cancel(job: number): void {
    if (this.#guard.isDead) return;
    this.#page.cancel(job);
    this.#guard.interrupt();
  }

  /** The job whose code runs now, 0 if none does. */
  get running(): number {
    return this.#guard.isDead ? 0 : this.#page.running();
  }

  /** Raises KeyboardInterrupt in a running job, and in no other, each time. */
  interrupt(job: number): void {
    if (this.#guard.isDead) return;
    this.#page.interrupt(job);
    this.#guard.interrupt();
  }

  /** Sends the signal of a cancel or an interrupt again. */
  remind(): void {
    if (!this.#guard.isDead) this.#guard.interrupt();
  }

  /** Ends the process with SIGKILL. */
  kill(): void {
    this.#guard.kill();
  }

  async #handshake(
    door: LinkDoor,
    options: ProcessOptions,
    paths: { socket: string; page: string },
  ): Promise<void> {
    const { directory, memoryLimit: memory_limit, startMs, signal } = options;
    const { secret } = door;
    const nonce = this.nonce.toHex();
    this.#guard.boot(JSON.stringify({ ...paths, secret, nonce, directory, memory_limit }));
    let failed: string | undefined;
    const fail = (why: string): void => {
      failed ??= why;
      door[Symbol.dispose]();
    };
    const aborted = (): void => fail("the server closes");
    signal.addEventListener("abort", aborted);
    const timer = setTimeout(() => fail(`not ready within ${startMs} ms`), startMs);
    this.exited.then(({ exit }) => fail(`it ended with ${exitText(exit)}`));
    try {
      const { link, requests, info } = await door.arrival();
      this.#link = { connection: link, outbox: outboxOf(link, this.#buffers) };
      this.#requests = new RequestSocket(requests, this.#buffers);
      this.#info = info;
    } catch (error) {
      if (failed === undefined) throw error;
      // The error quotes what it has written, so that has to be complete.
      await this.#abort();
      throw new Error(failed);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    }
  }

  /** Ends a process that did not start. Its stdin stays open: at its end the guard removes the directory. */
  async #abort(): Promise<void> {
    if (!this.#guard.isDead) this.#guard.killGroup();
    await this.exited;
  }

  async #untilExit(): Promise<Death> {
    const exit = await this.#guard.ended;
    this.#requests?.close();
    // What was sent before the end is still in the socket and the pipes. A stray child may hold
    // those open, so there is a deadline.
    this.#pipes.last();
    const deadline = setTimeout(() => this.#closeChannels(), LAST_BYTES_DEADLINE_MS);
    await this.#pipes.ended;
    await this.#linkEnded; // may have begun only now
    clearTimeout(deadline);
    this.#closeChannels();
    this.#results.end();
    const started = this.#page.started();
    const isReplaced = this.#isUnlinked && "signal" in exit && this.#page.isReplaced();
    this.#page.close();
    return { exit: isReplaced ? { ...exit, replaced: true } : exit, started };
  }

  #closeChannels(): void {
    this.#pipes.close();
    this.#link?.connection.close();
    this.#link = undefined;
  }

  async #readLink(link: Deno.UnixConn): Promise<void> {
    const buffers = this.#buffers;
    const reader = new FrameReader(MAX_FRAME_BODY_BYTES, { believes: true, buffers });
    try {
      for (;;) {
        const count = await link.read(reader.space());
        if (count === null) break;
        let isWhole = false;
        for (const frame of reader.filled(count)) {
          isWhole = true;
          // Output that was read before this result may still be on its way through the streams.
          // It arrives before the event loop reads anything else.
          if (this.#results.jobs === 1 && isRead(frame) && !this.#rest.isFull) {
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
          this.#frame(frame);
        }
        if (isWhole) this.#results.turn();
        else this.#results.part();
      }
    } catch (error) {
      this.#broken(error);
    }
    this.#results.end();
    // Without its link the process is of no use. User code may have closed it, or called exec().
    this.#isUnlinked = !this.#guard.isDead;
    this.kill();
  }

  #broken(error: unknown): void {
    if (this.#guard.isDead) return;
    this.#events?.fault(errorText(error));
    this.kill();
  }

  #frame({ type, id, flags, body, owned }: Frame): void {
    const events = this.#events!;
    switch (type) {
      case MessageType.RESULT: {
        const isRead = (flags & READ_FLAG) !== 0;
        if (!this.#results.isNew(id, isRead)) return;
        return events.result(id, flags & ~READ_FLAG, body, owned, isRead);
      }
      case LinkType.BROKEN:
        this.#results.isNew(id, false);
        return events.broken(id, new Control("BROKEN", body).required("message", "string"));
      case LinkType.NOTE:
        return events.note(id, new Control("NOTE", body).plain());
      default:
        throw new TypeError(`a frame of type 0x${type.toString(16)} has no place on the link`);
    }
  }
}

/** Whether it is a RESULT that says READ. */
function isRead({ type, flags }: Frame): boolean {
  return type === MessageType.RESULT && (flags & READ_FLAG) !== 0;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
