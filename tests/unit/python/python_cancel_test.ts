/** Cancels: they stop the eval they name, wherever it is, and never another. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { delay } from "@std/async/delay";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python cancel ${what} (${name})`, run);

  test("interrupts a loop, a sleep, a read, a join, and a repr", async () => {
    await using client = await LinkClient.start(python);
    const stuck = [
      "while True: pass",
      "import time; time.sleep(60)",
      "import os; os.read(os.pipe()[0], 1)",
      "import threading; t = threading.Thread(target=__import__('time').sleep, args=(0.5,))\n" +
      "t.start()\nwhile True: t.join()",
      "import subprocess; subprocess.run(['sleep', '60'])",
      "class A:\n  def __repr__(self):\n    while True: pass\nA()",
      "class A(Exception):\n  def __str__(self):\n    while True: pass\nraise A",
      "while True: print('x')",
      "import sys\nwhile True: print('x', file=sys.stderr)",
      "import threading, time\nthreading.Thread(target=time.sleep, args=(1,)).start()\n" +
      "while True: print('x')",
      "x = [1]\nfor i in x: x.append(i); x.pop(0)\nwhile True:\n  sorted(range(100000))",
    ];
    for (const code of stuck) {
      const job = client.send(code);
      await client.until(() => client.started() === job, "the start", 1);
      await delay(20);
      client.cancel(job);
      const { status, control } = await client.answer(job);
      assertEquals([status, control], [Status.CANCELLED, { how: "interrupted" }], code);
      const { answer, text } = await client.run("print('next')\n2 + 2");
      assertEquals([answer.value, text], [4, "next\n"], code);
    }
  });

  test("skips an eval whose turn has not come, and only that", async () => {
    await using client = await LinkClient.start(python);
    const first = client.send("import time; time.sleep(0.2); 'first'");
    const queued = Array.from({ length: 10 }, (_, i) => client.send(`print(${i}); ${i}`));
    await client.until(() => client.started() === first, "the start", 1);
    for (const i of [2, 5, 6]) client.cancel(queued[i]!);
    assertEquals((await client.answer(first)).value, "first");
    for (const [i, job] of queued.entries()) {
      const { status, control, value } = await client.answer(job);
      if ([2, 5, 6].includes(i)) {
        assertEquals([status, control], [Status.CANCELLED, { how: "queued" }]);
        assertEquals(await client.text(job), "");
      } else {
        assertEquals([status, value], [Status.VALUE, i]);
        assertEquals(await client.text(job), `${i}\n`);
      }
    }
  });

  test("lets code catch the KeyboardInterrupt: a value is a value, another error that", async () => {
    await using client = await LinkClient.start(python);
    const code = (handler: string): string =>
      `try:\n  print("ready")\n  while True: pass\nexcept KeyboardInterrupt:\n  ${handler}`;
    const cases: [string, number, unknown][] = [
      ["x = 7\nx", Status.VALUE, 7],
      ["raise ValueError('no')", Status.PYTHON_ERROR, "ValueError"],
      ["raise", Status.CANCELLED, undefined],
      ["raise KeyboardInterrupt('again') from None", Status.CANCELLED, undefined],
    ];
    for (const [handler, wanted, what] of cases) {
      const job = client.send(code(handler));
      await client.untilWritten(job, "the loop");
      client.cancel(job);
      const { status, value } = await client.answer(job);
      assertEquals([status, value?.type ?? value], [wanted, what], handler);
    }
  });

  test("comes once: code that swallows it is not interrupted again", async () => {
    await using client = await LinkClient.start(python);
    const job = client.send(`
count = 0
import time
end = time.time() + 0.5
print("ready")
while time.time() < end:
    try:
        while time.time() < end: pass
    except KeyboardInterrupt:
        count += 1
count`);
    // Between the line and the loop is nothing that takes time.
    await client.untilWritten(job, "the loop");
    await delay(20);
    for (let i = 0; i < 10; i++) {
      client.cancel(job);
      await delay(5);
    }
    assertEquals((await client.answer(job)).value, 1);
  });

  test("is no excuse: KeyboardInterrupt without one is an error like others", async () => {
    await using client = await LinkClient.start(python);
    const { status, value } = await client.eval("raise KeyboardInterrupt");
    assertEquals([status, value.type], [Status.PYTHON_ERROR, "KeyboardInterrupt"]);
    client.command("I");
    client.command("I");
    assertEquals((await client.eval("import time; time.sleep(0.1); 1")).value, 1);
  });

  test("finds its handler and its signal even where code has put others", async () => {
    await using client = await LinkClient.start(python);
    for (
      const code of [
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
      ]
    ) {
      await client.eval(code);
      const job = client.send("while True: pass");
      await client.until(() => client.started() === job, "the start", 1);
      await delay(10);
      client.cancel(job);
      assertEquals((await client.answer(job)).status, Status.CANCELLED, code);
    }
  });

  test("hits no other eval in a storm of 2,000", async () => {
    await using client = await LinkClient.start(python);
    const codes = [
      (n: number) => `${n}`,
      (n: number) => `print(${n}); ${n}`,
      (n: number) => `for i in range(${n % 150}): print(i)\n${n}`,
      (n: number) => `import sys\nprint(${n}, file=sys.stderr); 1/0`,
      (n: number) => `sum(range(${n % 3000})) and ${n} or ${n}`,
      (n: number) => `[{"a": i, "b": (i, str(i))} for i in range(${n % 100})]`,
    ];
    const cancelled = new Set<number>();
    let interrupted = 0;
    let queued = 0;
    let survived = 0;
    const window: number[] = [];
    const settle = async (): Promise<void> => {
      const job = window.shift()!;
      const { status, control, value } = await client.answer(job);
      if (status === Status.CANCELLED) {
        assert(cancelled.has(job), `job ${job} was never cancelled`);
        control.how === "queued" ? queued++ : interrupted++;
      } else {
        if (cancelled.has(job)) survived++;
        // Whatever did not end by its cancel must be whole.
        if (job % 6 === 1) assertEquals(value, job);
        if (job % 6 === 3) assertEquals(await client.text(job), lines(job % 150));
        assertEquals(status, job % 6 === 4 ? Status.PYTHON_ERROR : Status.VALUE);
        if (job % 6 === 4) assertEquals(value.type, "ZeroDivisionError");
      }
    };
    for (let n = 1; n <= 4_000; n++) {
      const job = client.send(codes[(n + 5) % 6]!(n));
      assertEquals(job, n);
      window.push(job);
      if (n % 2 === 0) {
        // Of the last few: before, in the middle of, and after their turn.
        const target = Math.max(1, n - Math.floor(Math.random() * 12));
        if (n % 3 === 0) await delay(0);
        cancelled.add(target);
        client.cancel(target);
      }
      if (window.length > 8) await settle();
    }
    while (window.length > 0) await settle();
    const { answer, text } = await client.run("print('alive'); 'alive'");
    assertEquals([answer.value, text], ["alive", "alive\n"]);
    assertGreater(interrupted + queued, 20, `${interrupted} ${queued} ${survived}`);
    assertEquals(client.notes, []);
  });

  test("loses and doubles no output that was printed before it", async () => {
    await using client = await LinkClient.start(python);
    for (const setup of ["", "import subprocess; subprocess.run(['true'])\n"]) {
      for (let round = 0; round < 60; round++) {
        const job = client.send(`${setup}n = 0\nwhile True:\n    print(n)\n    n += 1`);
        await client.until(() => client.started() === job, "the start", 1);
        await delay(Math.random() * 8);
        const { status } = await client.stop(job);
        assertEquals(status, Status.CANCELLED);
        const printed = (await client.text(job)).split("\n");
        const last = printed.pop()!;
        const wrong = printed.findIndex((line, i) => line !== `${i}`);
        assertEquals(wrong, -1, `round ${round}, line ${wrong} is ${printed[wrong]}`);
        assert(`${printed.length}`.startsWith(last), `round ${round} ends with ${last}`);
      }
    }
  });
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `${i}\n`).join("");
}
