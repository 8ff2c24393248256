/**
 * What is measured of the product and of every peer that a JavaScript program can call. Time bounds
 * each number, so that slow ones end as well. Plain JavaScript: Node runs it too.
 *
 * @module
 */

const MB = 1_000_000;

/**
 * Measures one peer.
 *
 * @param {{
 *   eval(code: string): PromiseLike<unknown> | unknown,
 *   echo?: (bytes: Uint8Array) => PromiseLike<{ length: number }> | { length: number },
 *   echoUpTo?: number,
 *   lines?: (count: number) => Promise<number>,
 * }} peer More bytes than `echoUpTo` would take minutes. `lines` prints so many lines and resolves with how many of them have come.
 * @param {{ ms: number, lines: number }} amount
 * @returns {Promise<(number | null)[]>} In the order of `METRICS` in peers.ts.
 */
export async function measure(peer, { ms, lines }) {
  const numbers = [];
  const times = [];
  for (const end = performance.now() + ms; performance.now() < end;) {
    const start = performance.now();
    await peer.eval("2 + 2");
    times.push((performance.now() - start) * 1_000);
  }
  numbers.push(median(times));
  for (const inFlight of [64, 1_000]) numbers.push(await rate(peer, inFlight, ms));
  for (const size of [MB, 64 * MB]) {
    const isFit = peer.echo !== undefined && size <= (peer.echoUpTo ?? Infinity);
    numbers.push(isFit ? await bytes(peer.echo, size, ms) : null);
  }
  numbers.push(peer.lines === undefined ? null : await lineRate(peer.lines, lines));
  return numbers;
}

async function rate(peer, inFlight, ms) {
  const begun = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() - begun < ms) {
      await peer.eval("2 + 2");
      count++;
    }
  }));
  return count / (performance.now() - begun) * 1_000;
}

async function bytes(echo, size, ms) {
  const times = [];
  for (const end = performance.now() + ms; times.length < 2 || performance.now() < end;) {
    const data = new Uint8Array(size).fill(times.length + 1);
    const start = performance.now();
    const { length } = await echo(data);
    times.push(performance.now() - start);
    if (length !== size) throw new Error(`${length} of ${size} bytes came`);
  }
  return median(times);
}

async function lineRate(print, count) {
  await print(100);
  const start = performance.now();
  const came = await print(count);
  if (came !== count) throw new Error(`${came} of ${count} lines came`);
  return count / (performance.now() - start) * 1_000;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
