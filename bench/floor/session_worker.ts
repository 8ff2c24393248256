/**
 * The floor's session thread: bytes from the main thread to the socket, bytes from the socket to
 * the main thread, gathered by turns and transferred.
 *
 * @module
 */
import { bodyLength, BUFFER_BYTES, HEADER_BYTES } from "./frame.ts";

/** To the main thread: that the session is open, whole frames, or a piece of output. */
export type FromFloor =
  | { kind: "open" }
  | { kind: "frames"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "output"; bytes: Uint8Array<ArrayBuffer> };

/** From the main thread: the port first, then pieces of frames. */
export type ToFloor = { port: number } | { pieces: Uint8Array<ArrayBuffer>[] };

const scope = self as unknown as {
  postMessage(message: FromFloor, transfer: ArrayBuffer[]): void;
  onmessage: (event: MessageEvent<ToFloor>) => void;
};

let main: Deno.TcpConn;
let queue: Uint8Array[] = [];
let writing = false;

scope.onmessage = ({ data }) => {
  if ("port" in data) open(data.port);
  else {
    queue.push(...data.pieces);
    if (!writing) write();
  }
};

async function dial(port: number, first: number): Promise<Deno.TcpConn> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  socket.setNoDelay(true);
  await socket.write(new Uint8Array([first]));
  return socket;
}

async function open(port: number): Promise<void> {
  main = await dial(port, 255);
  const number = new Uint8Array(1);
  await main.read(number);
  const output = await dial(port, number[0]!);
  readFrames();
  readOutput(output);
  scope.postMessage({ kind: "open" }, []);
}

async function write(): Promise<void> {
  writing = true;
  while (queue.length > 0) {
    const pieces = queue;
    queue = [];
    for (const bytes of gather(pieces)) {
      let at = 0;
      while (at < bytes.length) at += await main.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }
  writing = false;
}

/** Small pieces become one. */
function gather(pieces: Uint8Array[]): Uint8Array[] {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  if (pieces.length === 1 || size > BUFFER_BYTES) return pieces;
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return [all];
}

async function readFrames(): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let have = 0;
  for (;;) {
    const count = await main.read(have === 0 ? buffer : buffer.subarray(have));
    if (count === null) return;
    have += count;
    let end = 0;
    let size = 0;
    while (have - end >= HEADER_BYTES) {
      size = HEADER_BYTES + bodyLength(buffer, end);
      if (end + size > have) break;
      end += size;
      size = 0;
    }
    if (end > 0) postFrames(buffer.slice(0, end));
    if (size > BUFFER_BYTES) {
      // Read straight into the buffer that is handed over.
      const large = new Uint8Array(size);
      large.set(buffer.subarray(end, have));
      let at = have - end;
      while (at < size) at += await main.read(large.subarray(at)) ?? Number.NaN;
      postFrames(large);
      have = 0;
    } else {
      buffer.copyWithin(0, end, have);
      have -= end;
    }
  }
}

function postFrames(bytes: Uint8Array<ArrayBuffer>): void {
  scope.postMessage({ kind: "frames", bytes }, [bytes.buffer]);
}

async function readOutput(socket: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await socket.read(buffer);
    if (count === null) return;
    const bytes = buffer.slice(0, count);
    scope.postMessage({ kind: "output", bytes }, [bytes.buffer]);
  }
}
