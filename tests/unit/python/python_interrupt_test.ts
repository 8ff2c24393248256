/** Interrupts: KeyboardInterrupt in the job they name, each time, as long as it runs. */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python interrupt ${what} (${name})`, run);

  test("raises in a loop and a sleep: an error like any other", async () => {
    await using client = await LinkClient.start(python);
    for (
      const code of ["while True: pass", "import time; time.sleep(60)", "while True: print(1)"]
    ) {
      const job = client.send(code);
      await client.until(() => client.running() === job, "its run", 1);
      await delay(10);
      client.interrupt(job);
      const { status, value } = await client.answer(job);
      assertEquals([status, value.type], [Status.PYTHON_ERROR, "KeyboardInterrupt"], code);
      assertEquals(client.running(), 0);
    }
    assertEquals((await client.eval("2 + 2")).value, 4);
  });

  test("comes each time: code that catches it is interrupted again", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`
count = 0
while count < 3:
    try:
        print(count)
        while True: pass
    except KeyboardInterrupt:
        count += 1
count`);
    for (const line of ["0\n", "1\n", "2\n"]) {
      const isThere = () => client.pieces[1]!.some((p) => p.job === job && p.text === line);
      await client.until(isThere, "the loop");
      await delay(5);
      client.interrupt(job);
    }
    assertEquals((await client.answer(job)).value, 3);
  });

  test("comes once for each: a signal more raises nothing", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`
import time
count = 0
end = time.time() + 0.3
print("ready")
while time.time() < end:
    try:
        while time.time() < end: pass
    except KeyboardInterrupt:
        count += 1
count`);
    await client.untilWritten(job, "the loop");
    await delay(20);
    client.interrupt(job);
    for (let i = 0; i < 10; i++) {
      await delay(5);
      client.command("I");
    }
    assertEquals((await client.answer(job)).value, 1);
  });

  test("is sent again where Python has let go of it", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`
class Finalized:
    def __del__(self):
        print("in it")
        while True: pass
Finalized()
while True: pass`);
    await client.untilWritten(job, "the loop");
    client.interrupt(job);
    const reminder = setInterval(() => client.command("I"), 50);
    try {
      assertEquals((await client.answer(job)).value.type, "KeyboardInterrupt");
    } finally {
      clearInterval(reminder);
    }
    assertEquals(client.notes, []);
  });

  test("does not turn a cancel into an error, nor a cancel it into more than one", async () => {
    await using client = await LinkClient.start(python);
    for (let round = 0; round < 20; round++) {
      const job = client.send("while True: pass");
      await client.until(() => client.running() === job, "its run", 1);
      client.cancel(job);
      client.interrupt(job);
      assertEquals((await client.answer(job)).status, Status.CANCELLED);
    }
    assertEquals((await client.eval("2 + 2")).value, 4);
  });

  test("hits no other job in a storm of 2,000", async () => {
    await using client = await LinkClient.start(python);
    const codes = [
      (n: number) => `${n}`,
      (n: number) => `print(${n}); ${n}`,
      (n: number) => `sum(range(${n % 3000})) and ${n} or ${n}`,
      (n: number) => `[{"a": i} for i in range(${n % 3000})] and ${n} or ${n}`,
    ];
    const interrupted = new Set<number>();
    for (let n = 1; n <= 2_000; n += 4) {
      const jobs = [0, 1, 2, 3].map((k) => client.send(codes[k]!(n + k)));
      for (let i = 0; i < 4; i++) {
        if (i % 2 === 0) await delay(0);
        const job = client.running() || jobs[i]!;
        interrupted.add(job);
        client.interrupt(job);
        client.command("I");
      }
      for (const job of jobs) {
        const { status, value } = await client.answer(job);
        if (status === Status.VALUE) assertEquals(value, job);
        else assertEquals([value.type, interrupted.has(job)], ["KeyboardInterrupt", true]);
      }
    }
    const loop = client.send("while True: pass");
    await client.until(() => client.running() === loop, "its run", 1);
    client.interrupt(loop);
    assertEquals((await client.answer(loop)).value.type, "KeyboardInterrupt");
    assertEquals(client.notes, []);
  });
}
