/** Large bytes among the arguments, which the python process receives apart from the message. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Encoder } from "../../../src/values/encode.ts";
import { until } from "../../harness.ts";
import { interpreters } from "../../python.ts";
import { LinkClient, Status } from "../link/link_client.ts";

const MIB = 1 << 20;

/** The values of an EVAL. */
function values(locs: unknown, globs: unknown = null): Uint8Array<ArrayBuffer> {
  const encoder = new Encoder();
  encoder.value([locs, globs], "values");
  return encoder.take();
}

/** Bytes of which no piece is like the one before. */
function large(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31) ^ (i >> 8);
  return bytes;
}

/** Receives a frame over a link of its own, in pieces of several sizes, and another behind it. */
const IN_PIECES = `
import os, socket, tempfile, threading
from pyproxy_worker import worker
from pyproxy_worker.codec import apart
from pyproxy_worker.link import link
from pyproxy_worker.link.page import PAGE_BYTES, Page

directory = tempfile.mkdtemp()
path = directory + "/own"
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
with open(directory + "/page", "wb") as page:
    page.write(bytes(PAGE_BYTES))
own = link.Link(path, Page(directory + "/page"))
connection = listener.accept()[0]
listener.close()
os.remove(path)
os.remove(directory + "/page")
os.rmdir(directory)

def frame(code, values):
    text = b"\\xda" + len(code).to_bytes(2, "big") + code.encode()
    body = bytes(4) + b"\\0\\0\\0\\x01\\x80" + text + values
    return link.HEADER.pack(0, link.VERSION, link.EVAL, 0, len(body), 7) + body

def send(data, step):
    for at in range(0, min(len(data), 40 * step), step):
        connection.sendall(data[at : at + step])
    connection.sendall(data[40 * step :])

data = bytes(i * 31 & 255 for i in range(300_000))
bin32 = b"\\xc6" + len(data).to_bytes(4, "big") + data
ext32 = b"\\xc9" + (len(data) + 5).to_bytes(4, "big") + b"\\x0f\\x04int8" + data
small = b"\\x92\\xc0\\xc0"
wrong = []
for what, values, expected in (
    ("alone", b"\\x92\\x81\\xa1x" + bin32 + b"\\xc0", [{"x": data}, None]),
    ("as globs", b"\\x92\\xc0\\x81\\xa1x" + bin32, [None, {"x": data}]),
    ("twice", b"\\x92\\x82\\xa1x" + bin32 + b"\\xa1y" + bin32 + b"\\xc0", [{"x": data, "y": data}, None]),
    ("deep", b"\\x92\\x81\\xa1x\\x92\\x91" + bin32 + b"\\x05\\xc0", [{"x": [[data], 5]}, None]),
    ("behind others", b"\\x92\\x86\\xa1a\\xcb" + bytes(8) + b"\\xa1b\\xd9\\x20" + b"s" * 32
        + b"\\xa1c\\xc4\\x03abc\\xa1d\\xd4\\x01\\x05\\xa1e\\xdc\\x00\\x02\\xcd\\x01\\x00\\xc3\\xa1x" + bin32 + b"\\xc0",
        [{"a": 0.0, "b": "s" * 32, "c": b"abc", "d": 5, "e": [256, True], "x": data}, None]),
    ("behind many", b"\\x92\\x82\\xa1a\\xdc\\x01\\x00" + bytes(256) + b"\\xa1x" + bin32 + b"\\xc0",
        [{"a": [0] * 256, "x": data}, None]),
    ("of an extension", b"\\x92\\x81\\xa1x" + ext32 + b"\\xc0", None),
):
    for code in ("1", "1" * 5_000, "1" * 40_000):
        whole = frame(code, values) + frame("2", small)
        for step in (7, 1000, 65_536, 70_000, len(whole)):
            thread = threading.Thread(target=send, args=(whole, step))
            thread.start()
            # In a buffer that has grown for one before, all of it may be there at once.
            has_room = len(own._buffer) >= len(data)
            kind, flags, ident, body = own.receive()
            is_apart = len(body) < 100_000
            got, locs, globs = worker.read_request(body)[:3]
            if expected is None:
                is_right = bytes(locs["x"]) == data
            else:
                is_right = [locs, globs] == expected
            if not has_room and len(code) < apart.LOOK_BYTES:
                is_right = is_right and is_apart == (what not in ("behind many", "twice"))
            behind = worker.read_request(own.receive()[3])[:3]
            thread.join()
            if not is_right or (kind, ident, got) != (link.EVAL, 7, code) or behind != ("2", None, None):
                wrong.append("%s, code of %d, step %d" % (what, len(code), step))
            if apart.waiting:
                wrong.append("%s is held" % what)
connection.close()
wrong`;

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python receives large bytes ${what} (${name})`, run);

  test("wherever they are, in pieces of every size", async () => {
    await using client = await LinkClient.start(python);
    assertEquals((await client.eval(IN_PIECES)).value, []);
  });

  test("without a copy, and gives their memory back after a while", async () => {
    await using client = await LinkClient.start(python);
    const size = 64 * MIB;
    const status = async (field: string): Promise<number> => {
      const code =
        `[int(s.split()[1]) for s in open('/proc/self/status') if s.startswith('${field}')][0]`;
      return (await client.eval(code)).value / 1024;
    };
    const before = await status("VmHWM");
    const data = large(size);
    const { value } = await client.eval(
      "import hashlib\n[hashlib.sha256(data).hexdigest(), type(data).__name__]",
      { values: values({ data }) },
    );
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
    assertEquals(value, [digest, "bytes"]);
    const grown = await status("VmHWM") - before;
    assert(grown > 60 && grown < 64 + 16, `it has grown by ${grown} MiB`);
    const isGivenBack = async () => await status("VmRSS") - before < 16;
    await until("the memory is given back", isGivenBack);
    // So is that of the next ones.
    const again = await client.eval("len(data)", { values: values({ data }) });
    assertEquals(again.value, size);
    await until("the memory is given back again", isGivenBack);
  });

  test("in the memory of those before, which costs no page faults", async () => {
    // In a process of its own, since it changes the limits.
    await using other = await LinkClient.start(python);
    const keeps = "__import__('ctypes').CDLL(None).mallopt(-3, 256 << 20)";
    if ((await other.eval(keeps)).value !== 1) {
      const why = `not tested: the malloc of ${python} keeps no memory of this size\n`;
      Deno.stdout.writeSync(new TextEncoder().encode(why));
      return;
    }
    await using client = await LinkClient.start(python);
    const data = large(48 * MIB);
    const faults = "__import__('resource').getrusage(0).ru_minflt";
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      counts.push((await client.eval(faults, { values: values({ data }) })).value);
    }
    // One of them may have come too late for the memory of the one before.
    const least = Math.min(...counts.slice(1).map((count, i) => count - counts[i]!));
    assert(least < 48 * MIB / 4096 / 10, `${least} page faults`);
  });

  test("also where an argument beside them cannot be made", async () => {
    await using client = await LinkClient.start(python);
    const bin = [0xc6, 0, 0x10, 0, 0, ...large(MIB)];
    // A set with a dict in it.
    const set = [0xa1, 0x79, 0x91, 0xd5, 3, 0x91, 0x80];
    const bytes = Uint8Array.from([0x92, 0x82, 0xa1, 0x78, ...bin, ...set, 0xc0]);
    const { status, control } = await client.eval("1", { values: bytes });
    assertEquals([status, control.path], [Status.UNSENDABLE, "locs.y[0]"]);
    assertEquals((await client.eval("len(x)", { values: values({ x: large(MIB) }) })).value, MIB);
  });

  test("and lets nobody write what stands in their place", async () => {
    await using client = await LinkClient.start(python);
    // fixext 16 of code 127 beside real ones, and alone.
    const forged = [0xd8, 127, ...new Uint8Array(16)];
    const bin = [0xc6, 0, 0x10, 0, 0, ...large(MIB)];
    const answers = [
      [0x92, 0x82, 0xa1, 0x78, ...bin, 0xa1, 0x79, ...forged, 0xc0],
      [0x92, 0x81, 0xa1, 0x79, ...forged, 0xc0],
    ].map((bytes) => client.eval("1", { values: Uint8Array.from(bytes) }));
    for (const { status, control } of await Promise.all(answers)) {
      assertEquals(status, "BROKEN");
      assertStringIncludes(control.message, "no extension has the code 127");
    }
  });

  test("and still sees what breaks a rule", async () => {
    await using client = await LinkClient.start(python);
    const bin = [0xc6, 0, 0x10, 0, 0, ...large(MIB)];
    for (
      const [bytes, message] of [
        [[0x92, 0x81, ...bin, 1, 0xc0], ""],
        [[0x92, 0x81, 0xa1, 0x78, ...bin, 0xc0, 1], "1 bytes follow the value"],
        [[0x92, 0x81, 0xa1, 0x78, ...bin.slice(0, -1)], "ends in the middle"],
        [[0x92, 0x81, 0xa1, 0x78, ...bin], "ends in the middle"],
        [[0x92, ...bin, 0xc0], "locs must be a dict or nil, got bytes"],
        [bin, "must be one array"],
      ] as const
    ) {
      const { status, control } = await client.eval("1", { values: Uint8Array.from(bytes) });
      assertEquals(status, "BROKEN");
      assertStringIncludes(control.message, message);
    }
    // In the place of the code.
    const job = client.sendBody(1, Uint8Array.of(0x80), Uint8Array.from(bin), new Uint8Array(0));
    const { status, control } = await client.answer(job);
    assertEquals(status, "BROKEN");
    assertStringIncludes(control.message, "code must be a string");
    assertEquals((await client.eval("2 + 2")).value, 4);
  });
}
