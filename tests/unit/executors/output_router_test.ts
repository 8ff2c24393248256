import { assertEquals } from "@std/assert";
import { OutputRouter } from "../../../fake_server/executors/local/output/output_router.ts";

const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i === 0 ? 0xff : i);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function record(kind: number, fd: number, job: number, payload = ""): string {
  const header = [kind, fd, payload.length >> 8, payload.length & 255, 0, 0, job >> 8, job & 255];
  return String.fromCharCode(...NONCE, ...header) + payload;
}

const data = (fd: number, job: number, payload: string): string => record(1, fd, job, payload);
const end = (job: number): string => record(2, 0, job);

/** A router whose deliveries are written down as text. */
class Bench {
  readonly log: string[] = [];
  readonly router = new OutputRouter(NONCE, (evalId, fd, bytes) => {
    this.log.push(`late ${evalId?.id ?? "?"} fd${fd} ${decode(bytes)}`);
    return undefined;
  });

  /** All output of these jobs has come. */
  allRead(...jobs: number[]): string[] {
    for (const job of jobs) this.router.allRead(job);
    return this.log.splice(0);
  }

  begin(job: number, id: number): void {
    this.router.begin(job, {
      evalId: { session: 1, id },
      output: (fd, pieces, length) => {
        const text = pieces.map(decode).join("");
        assertEquals(text.length, length);
        this.log.push(`${id} fd${fd} ${text}`);
      },
      outputEnd: () => this.log.push(`${id} end`),
      pressure: () => undefined,
    });
  }

  /** Each character of `text` is one byte. */
  read(pipe: 1 | 2, text: string): string[] {
    this.router.read(pipe, Uint8Array.from(text, (char) => char.charCodeAt(0)));
    return this.log.splice(0);
  }
}

Deno.test("OutputRouter ends an eval's output when both pipes have its end", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  assertEquals(bench.read(1, data(1, 1, "a") + end(1)), ["10 fd1 a"]);
  assertEquals(bench.read(2, "b"), ["10 fd2 b"]);
  assertEquals(bench.read(2, end(1)), ["10 end"]);
});

Deno.test("OutputRouter merges what follows each other of one eval and descriptor", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  bench.begin(2, 20);
  const text = data(1, 1, "a") + "raw" + data(1, 1, "b") + data(2, 1, "c") + end(1) +
    data(1, 2, "d");
  assertEquals(bench.read(1, text), ["10 fd1 arawb", "10 fd2 c", "20 fd1 d"]);
});

Deno.test("OutputRouter gives raw bytes to the first eval that has not ended on that pipe", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  bench.begin(2, 20);
  assertEquals(bench.read(1, end(1)), []);
  assertEquals(bench.read(2, "x"), ["10 fd2 x"]);
  assertEquals(bench.read(1, "y"), ["20 fd1 y"]);
  assertEquals(bench.read(2, end(1) + "z"), ["10 end", "20 fd2 z"]);
});

Deno.test("OutputRouter takes the end of an eval for the end of those before it", () => {
  const bench = new Bench();
  for (const job of [1, 2, 3]) bench.begin(job, job);
  bench.read(1, end(2));
  assertEquals(bench.read(2, end(3)), ["1 end", "2 end"]);
  assertEquals(bench.read(1, end(3)), ["3 end"]);
});

Deno.test("OutputRouter tells whose late output is", () => {
  const bench = new Bench();
  assertEquals(bench.read(1, "early"), ["late ? fd1 early"]);
  bench.begin(1, 10);
  bench.begin(2, 20);
  bench.read(1, end(1));
  bench.read(2, end(1));
  assertEquals(bench.read(1, data(2, 1, "thread") + data(1, 2, "mine")), [
    "late 10 fd2 thread",
    "20 fd1 mine",
  ]);
  bench.read(1, end(2));
  bench.read(2, end(2));
  assertEquals(bench.read(2, "child"), ["late 20 fd2 child"]);
  assertEquals(bench.read(1, data(1, 999, "forged")), ["late ? fd1 forged"]);
});

Deno.test("OutputRouter ends the output of jobs that have a result when their process is dead", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  bench.begin(2, 20);
  bench.router.over(1);
  assertEquals(bench.read(1, "a" + String.fromCharCode(...NONCE.subarray(0, 5))), ["10 fd1 a"]);
  bench.router.finish();
  assertEquals(bench.log.length, 2);
  assertEquals(bench.log[1], "10 end");
});

Deno.test("OutputRouter gives back the pressure of whoever it wrote to", async () => {
  const router = new OutputRouter(NONCE, () => undefined);
  const wait = Promise.resolve();
  router.begin(1, {
    evalId: { session: 1, id: 1 },
    output: () => {},
    outputEnd: () => {},
    pressure: () => wait,
  });
  assertEquals(router.read(1, encode("x")), wait);
  await wait;
});

Deno.test("OutputRouter ends a job without an END once all of it has come", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  assertEquals(bench.read(1, "raw"), ["10 fd1 raw"]);
  assertEquals(bench.allRead(1), ["10 end"]);
  bench.begin(2, 20);
  assertEquals(bench.read(1, "raw"), ["20 fd1 raw"]);
  assertEquals(bench.allRead(1), []);
});

Deno.test("OutputRouter gives a job that has all been read what was held back of it", () => {
  const bench = new Bench();
  bench.begin(1, 10);
  const start = data(1, 1, "").slice(0, 1);
  assertEquals(bench.read(1, `raw${start}`), ["10 fd1 raw"]);
  assertEquals(bench.read(2, start), []);
  // It is no UTF-8.
  assertEquals(bench.allRead(1), ["10 fd1 \ufffd", "10 fd2 \ufffd", "10 end"]);
});

Deno.test("OutputRouter keeps the order of jobs with and without an END", () => {
  const bench = new Bench();
  for (const job of [1, 2, 3]) bench.begin(job, 10 * job);
  assertEquals(bench.allRead(2), []);
  assertEquals(bench.read(1, data(1, 1, "a") + end(1)), ["10 fd1 a"]);
  assertEquals(bench.read(2, end(1)), ["10 end", "20 end"]);
  assertEquals(bench.read(1, "b" + end(3)), ["30 fd1 b"]);
  assertEquals(bench.read(2, end(3)), ["30 end"]);
});
