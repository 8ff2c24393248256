/**
 * What a session's thread runs: session_worker.ts and all that it imports, as one module in a string.
 * A thread that starts from it has no thirty files to find and load, and neither does who bundles or
 * compiles a program have to bring them along.
 *
 * Written by `deno task worker`, never by hand.
 *
 * @module
 */

/** The module. */
export const WORKER_SOURCE: string = `// src/wire/limits.ts
var PROTOCOL_VERSION = 1;
var HEADER_BYTES = 12;
var MAX_FRAME_BODY_BYTES = 256 * 1024 * 1024;
var MAX_HELLO_BODY_BYTES = 4 * 1024;
var NONCE_BYTES = 32;
var MAX_CONTROL_BODY_BYTES = 64 * 1024;
var FIRST_BUFFER_BYTES = 64 * 1024;
var GROWTH_FACTOR = 16;
var IDLE_BUFFER_BYTES = 4 * 1024;
var MAX_DEPTH = 512;
var MAX_EVALS_IN_FLIGHT = 1e3;
var MAX_QUEUED_BYTES = 256 * 1024 * 1024;
var MAX_TRANSFER_BYTES = 256 * 1024;
var MIN_USED_BUFFER_BYTES = 256 * 1024;
var MAX_USED_BUFFER_BYTES = 64 * 1024 * 1024;
var SENT_REPORT_BYTES = 1024 * 1024;
var PROGRESS_INTERVAL_MS = 100;
var UNREAD_OUTPUT_PER_EVAL_BYTES = 8 * 1024 * 1024;
var UNREAD_OUTPUT_PER_SESSION_BYTES = 16 * 1024 * 1024;
var UNREAD_OUTPUT_LIFE_MS = 6e4;
var OUTPUT_CREDIT_BYTES = 16 * 1024;
var OUTPUT_WAITING_BYTES = 2 * 1024 * 1024 - OUTPUT_CREDIT_BYTES;
var UNREAD_LOG_RECORDS = 1e3;
var UNREAD_LOG_BYTES = 1024 * 1024;
var PING_INTERVAL_MS = 1e4;
var PING_TIMEOUT_MS = 2e4;
var CLOSE_DEADLINE_MS = 2e3;

// src/wire/login.ts
var HEX_32 = /^[0-9a-f]{64}$/;
function newNonce() {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toHex();
}
function isNonce(text2) {
  return HEX_32.test(text2);
}
function proofMessage(role, hello, challenge) {
  const name = new TextEncoder().encode(role);
  const message = new Uint8Array(name.length + hello.length + challenge.length);
  message.set(name);
  message.set(hello, name.length);
  message.set(challenge, name.length + hello.length);
  return message;
}
function isSameSecret(given, expected) {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  }
  return difference === 0;
}

// src/options.ts
var LONGEST_TIMER_MS = 2 ** 31 - 1;
function shown(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return \`a function\`;
  if (typeof value === "bigint") return \`\${value}n\`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return \`an Array\`;
  const name = value.constructor?.name;
  return typeof name === "string" && name !== "" ? \`an instance of \${name}\` : "an object";
}

// src/address.ts
function parseAddress(addr) {
  const fail = (why) => {
    throw new TypeError(
      \`Cannot open a session: the address \${shown(addr)} \${why}; write it as "localhost:9000", "[::1]:9000" or "unix:/path"\`
    );
  };
  if (typeof addr !== "string") return fail("is no string");
  const unix = unixAddress(addr);
  if (unix !== void 0) return unix;
  const match = /^(?:\\[([0-9A-Fa-f:.%\\w]+)\\]|([^\\s:/?#@[\\]]+))(?::(\\d{1,5}))?$/.exec(addr);
  if (match === null) return fail("is not of the form host:port");
  const port = match[3] === void 0 ? 9e3 : Number(match[3]);
  if (port < 1 || port > 65535) return fail(\`has a port outside 1 to 65535\`);
  return { hostname: match[1] ?? match[2], port };
}
function unixAddress(addr) {
  return /^unix:\\/[^\\0]*$/.test(addr) ? { path: addr.slice("unix:".length) } : void 0;
}
function formatAddress(address) {
  if ("path" in address) return \`unix:\${address.path}\`;
  const { hostname, port } = address;
  return hostname.includes(":") ? \`[\${hostname}]:\${port}\` : \`\${hostname}:\${port}\`;
}
function outputAddress(given, main) {
  if (given.startsWith(":") && "hostname" in main) {
    return parseAddress(formatAddress({ ...main, port: Number(given.slice(1)) }));
  }
  const address = parseAddress(given);
  if ("path" in address === "path" in main) return address;
  throw new TypeError(
    \`Cannot go to \${shown(given)} for the output of \${formatAddress(main)}: both streams are unix sockets, or neither\`
  );
}

// src/alarm.ts
function alarm(ms, run) {
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}

// src/values/decode_error.ts
var DecodeError = class extends Error {
  /** "DecodeError". */
  name = "DecodeError";
  /** Makes one of "Cannot read a value: " and the reason. */
  constructor(reason, options) {
    super(\`Cannot read a value: \${reason}\`, options);
  }
};

// src/values/big_int.ts
function safeOrBig(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

// src/values/key_cache.ts
var SLOTS = 1024;
var KeyCache = class _KeyCache {
  /** Longer keys are seldom, and not kept. */
  static MAX_BYTES = 32;
  /** ASCII only: such a key's characters are its bytes. */
  #slots = new Array(SLOTS).fill("");
  /** The key that these bytes are, if it was kept. */
  find(bytes, at, length) {
    const key = this.#slots[slotOf(bytes, at, length)];
    if (key.length !== length) return void 0;
    for (let i = 0; i < length; i++) {
      if (key.charCodeAt(i) !== bytes[at + i]) return void 0;
    }
    return key;
  }
  /** Keeps a key, if it is of the kind that is kept. */
  keep(bytes, at, length, key) {
    if (length > _KeyCache.MAX_BYTES || key.length !== length) return;
    this.#slots[slotOf(bytes, at, length)] = Object.keys({ [key]: null })[0];
  }
};
function slotOf(bytes, at, length) {
  if (length === 0) return 0;
  const last = at + length - 1;
  const hash = length + 31 * (bytes[at] + 31 * (bytes[last] + 31 * bytes[at + (length >> 1)]));
  return hash & SLOTS - 1;
}

// src/values/utf8.ts
function writeUtf8(text2, into, at) {
  const length = text2.length;
  for (let i = 0; i < length; i++) {
    let code = text2.charCodeAt(i);
    if (code < 128) {
      into[at++] = code;
      continue;
    }
    if (code < 2048) {
      into[at++] = 192 | code >> 6;
    } else {
      if (code < 55296 || code > 57343) {
        into[at++] = 224 | code >> 12;
      } else {
        code = text2.codePointAt(i++);
        if (code < 65536) return -1;
        into[at++] = 240 | code >> 18;
        into[at++] = 128 | code >> 12 & 63;
      }
      into[at++] = 128 | code >> 6 & 63;
    }
    into[at++] = 128 | code & 63;
  }
  return at;
}
var STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
var HAND_BYTES = 96;
var UNITS = Array.from(
  { length: HAND_BYTES + 1 },
  (_, length) => new Array(length).fill(0)
);
function readUtf8(bytes, at, end) {
  const length = end - at;
  if (length > HAND_BYTES) return STRICT.decode(bytes.subarray(at, end));
  const units = UNITS[length];
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i];
    if (byte > 127) {
      return readWide(bytes, at + i, end, units, i) ?? STRICT.decode(bytes.subarray(at, end));
    }
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}
function readWide(bytes, at, end, units, count2) {
  while (at < end) {
    const first = bytes[at++];
    if (first < 128) {
      units[count2++] = first;
      continue;
    }
    const more = first < 224 ? 1 : first < 240 ? 2 : 3;
    if (at + more > end) return void 0;
    const second = bytes[at++];
    if ((second & 192) !== 128) return void 0;
    let code = (first & 63 >> more) << 6 | second & 63;
    if (more === 1) {
      if (first < 194) return void 0;
    } else {
      const third = bytes[at++];
      if ((third & 192) !== 128) return void 0;
      code = code << 6 | third & 63;
      if (more === 2) {
        if (code < 2048 || code >= 55296 && code <= 57343) return void 0;
      } else {
        const fourth = bytes[at++];
        if ((fourth & 192) !== 128) return void 0;
        code = code << 6 | fourth & 63;
        if (first > 244 || code < 65536 || code > 1114111) return void 0;
        units[count2++] = 55232 + (code >> 10);
        code = 56320 | code & 1023;
      }
    }
    units[count2++] = code;
  }
  const exact = UNITS[count2];
  for (let i = 0; i < count2; i++) exact[i] = units[i];
  return String.fromCharCode.apply(null, exact);
}

// src/values/decoder.ts
var VIEW_BYTES = 64 * 1024;
var FIRST_ELEMENTS = 1024;
var NOTHING = new Uint8Array(0);
var Decoder = class {
  #bytes = NOTHING;
  /** Made when it is first needed: most small values do without. */
  #view;
  #at = 0;
  /** Where what is being read ends: the message, or an extension in it. */
  #end = 0;
  #depth = 0;
  /** How many more elements containers may claim: each takes a byte at least. */
  #claims = 0;
  #keys = new KeyCache();
  #extensions;
  /** Makes one that knows these extensions. */
  constructor(extensions) {
    this.#extensions = extensions;
  }
  /** Reads one value, which has to fill \`bytes\` from \`start\` to \`end\`. See decode.ts. */
  decode(bytes, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#claims = end - start;
    this.#depth = 0;
    try {
      const value = this.read();
      if (this.#at !== end) {
        throw new DecodeError(\`\${end - this.#at} bytes are left after it\`);
      }
      return value;
    } finally {
      this.#bytes = NOTHING;
      this.#view = void 0;
    }
  }
  // What follows is for the entries of the table as well.
  /** Reads any value. */
  read() {
    if (this.#at >= this.#end) throw this.#cutShort();
    const head = this.#bytes[this.#at++];
    if (head < 128) return head;
    if (head >= 224) return head - 256;
    if (head < 192) {
      if (head >= 160) return this.#string(head & 31);
      return head < 144 ? this.#map(head & 15) : this.#array(head & 15);
    }
    switch (head) {
      case 192:
        return null;
      case 194:
        return false;
      case 195:
        return true;
      case 203:
        return (this.#view ??= this.#viewed()).getFloat64(this.#skip(8));
      case 204:
      case 205:
      case 206:
        return this.#uint(head - 204);
      case 217:
        return this.#string(this.#uint(0));
      default:
        return this.#seldom(head);
    }
  }
  /** The rest of \`read()\`, which is quicker when it is short. */
  #seldom(head) {
    switch (head) {
      case 196:
      case 197:
      case 198:
        return this.#bin(this.#uint(head - 196));
      case 199:
      case 200:
      case 201:
        return this.#extension(this.#uint(head - 199));
      case 202:
        return (this.#view ??= this.#viewed()).getFloat32(this.#skip(4));
      case 207:
        return safeOrBig((this.#view ??= this.#viewed()).getBigUint64(this.#skip(8)));
      case 208:
        return (this.#view ??= this.#viewed()).getInt8(this.#skip(1));
      case 209:
        return (this.#view ??= this.#viewed()).getInt16(this.#skip(2));
      case 210:
        return (this.#view ??= this.#viewed()).getInt32(this.#skip(4));
      case 211:
        return safeOrBig((this.#view ??= this.#viewed()).getBigInt64(this.#skip(8)));
      case 212:
      case 213:
      case 214:
      case 215:
      case 216:
        return this.#extension(1 << head - 212);
      case 218:
      case 219:
        return this.#string(this.#uint(head - 217));
      case 220:
      case 221:
        return this.#array(this.#uint(head - 219));
      case 222:
      case 223:
        return this.#map(this.#uint(head - 221));
      default:
        throw new DecodeError(\`the byte 0xc1 at \${this.#at - 1} begins nothing\`);
    }
  }
  /** Reads an array; \`what\` names the extension whose payload it has to be. */
  list(what) {
    const value = this.read();
    if (Array.isArray(value)) return value;
    throw new DecodeError(\`\${what} is no array\`);
  }
  /**
   * The next \`count\` bytes, as elements of a typed array: a view or a copy, as bytes are. For a view
   * they are moved to where elements may begin, over what has been read before them.
   */
  elements(count2, array) {
    const size = array.BYTES_PER_ELEMENT;
    if (count2 < 0 || count2 % size !== 0) {
      throw new DecodeError(\`\${count2} bytes are no elements of \${size} bytes each\`);
    }
    const bytes = this.#bin(count2);
    const { buffer, byteOffset } = bytes;
    const start = byteOffset - byteOffset % size;
    if (start !== byteOffset) {
      new Uint8Array(buffer).copyWithin(start, byteOffset, byteOffset + count2);
    }
    return new array(buffer, start, count2 / size);
  }
  /** The next \`count\` bytes, as a view. */
  take(count2) {
    const at = this.#skip(count2);
    return this.#bytes.subarray(at, at + count2);
  }
  #array(length) {
    this.#enter(length);
    let room = Math.min(length, FIRST_ELEMENTS);
    const array = new Array(room);
    for (let i = 0; i < length; i++) {
      if (i === room) array.length = room = Math.min(length, 8 * room);
      const at = this.#at;
      const head = at + 8 < this.#end ? this.#bytes[at] : 193;
      if (head === 203) {
        array[i] = (this.#view ??= this.#viewed()).getFloat64(at + 1);
        this.#at = at + 9;
      } else if (head === 205) {
        array[i] = (this.#view ??= this.#viewed()).getUint16(at + 1);
        this.#at = at + 3;
      } else if (head === 206) {
        array[i] = (this.#view ??= this.#viewed()).getUint32(at + 1);
        this.#at = at + 5;
      } else if (head < 128) {
        array[i] = head;
        this.#at = at + 1;
      } else array[i] = this.read();
    }
    this.#depth--;
    return array;
  }
  #map(length) {
    this.#enter(2 * length);
    const object = {};
    for (let i = 0; i < length; i++) {
      const key = this.#key();
      object[key] = this.read();
    }
    this.#depth--;
    return object;
  }
  #key() {
    const head = this.#uint(0);
    let length;
    if (head >= 160 && head < 192) length = head & 31;
    else if (head >= 217 && head <= 219) length = this.#uint(head - 217);
    else throw new DecodeError(\`a key at \${this.#at - 1} of a map is no string\`);
    const at = this.#at;
    if (length <= KeyCache.MAX_BYTES && at + length <= this.#end) {
      const known = this.#keys.find(this.#bytes, at, length);
      if (known !== void 0) {
        this.#at = at + length;
        return known;
      }
    }
    const key = this.#string(length);
    if (key === "__proto__") throw new DecodeError("a map has the key __proto__");
    this.#keys.keep(this.#bytes, at, length, key);
    return key;
  }
  #string(length) {
    const at = this.#skip(length);
    try {
      return readUtf8(this.#bytes, at, at + length);
    } catch (cause) {
      throw new DecodeError(\`the string at \${at} is not well-formed UTF-8\`, { cause });
    }
  }
  #bin(length) {
    const view = this.take(length);
    const large = length >= VIEW_BYTES && 2 * length >= view.buffer.byteLength;
    return large ? view : new Uint8Array(view);
  }
  #extension(length) {
    const code = this.#uint(0);
    const read = this.#extensions.get(code);
    if (read === void 0) {
      throw new DecodeError(\`there is no extension \${code << 24 >> 24}, at \${this.#at - 1}\`);
    }
    this.#enter(0);
    if (length > this.#end - this.#at) throw this.#cutShort();
    const outer = this.#end;
    this.#end = this.#at + length;
    const value = read(this, length);
    if (this.#at !== this.#end) {
      throw new DecodeError(\`\${this.#end - this.#at} bytes are left in extension \${code}\`);
    }
    this.#end = outer;
    this.#depth--;
    return value;
  }
  /** Goes one level down into a container that claims \`count\` elements. */
  #enter(count2) {
    if (++this.#depth > MAX_DEPTH) {
      throw new DecodeError(\`it is nested deeper than \${MAX_DEPTH} levels\`);
    }
    this.#claims -= count2;
    if (count2 > this.#end - this.#at || this.#claims < 0) throw this.#cutShort();
  }
  /** Reads an unsigned integer of 8, 16 or 32 bits: 0, 1 or 2. */
  #uint(size) {
    if (size === 0) return this.#bytes[this.#skip(1)];
    const view = this.#view ??= this.#viewed();
    return size === 1 ? view.getUint16(this.#skip(2)) : view.getUint32(this.#skip(4));
  }
  /** Goes past \`count\` bytes that have to be there. Returns where they begin. */
  #skip(count2) {
    const at = this.#at;
    if (count2 > this.#end - at) throw this.#cutShort();
    this.#at = at + count2;
    return at;
  }
  #viewed() {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return new DataView(buffer, byteOffset, byteLength);
  }
  #cutShort() {
    return new DecodeError(\`it is cut short: more is claimed at \${this.#at} than there is\`);
  }
};

// src/error_base.ts
var PyProxyError = class extends Error {
  /** The name of the class, which survives minification. */
  name = "PyProxyError";
  /** Makes one; the library does. */
  constructor(message, options) {
    super(message, options);
  }
};

// src/values/encode_error.ts
var EncodeError = class extends PyProxyError {
  /** "EncodeError". */
  name = "EncodeError";
  /** Where the value is, such as \`locs.rows[3].f\`. */
  path;
  /** What the value is, such as \`function\`, \`symbol\` or the name of its class. */
  valueType;
  /** Makes one; the library does. */
  constructor(message, path, valueType = "") {
    super(message);
    this.path = path;
    this.valueType = valueType;
  }
};

// src/values/fault.ts
var SHOWN_PATH_CHARS = 240;
var Fault = class {
  /** Why, as the end of a sentence. */
  reason;
  /** What the value is: see EncodeError. */
  valueType;
  /** Too deep: whether it is a cycle is seen at the top, where the whole path is known. */
  tooDeep;
  /** From the innermost container outwards. */
  #steps = [];
  #containers = [];
  /** Makes one; whoever throws it. */
  constructor(reason, valueType, tooDeep = false) {
    this.reason = reason;
    this.valueType = valueType;
    this.tooDeep = tooDeep;
  }
  /** Adds the step that led from \`container\` to where the fault comes from. */
  within(container, step) {
    this.#containers.push(container);
    this.#steps.push(step);
    return this;
  }
  /** The error for the caller; \`root\` names the value that was to be sent. */
  toError(root) {
    const steps = this.#steps.reverse();
    if (this.tooDeep) {
      const first = /* @__PURE__ */ new Map();
      for (const [depth, container] of this.#containers.reverse().entries()) {
        const before = first.get(container);
        if (before !== void 0) {
          const reason = \`it is a cycle, the same object as \${shown2(join(root, steps, before))}\`;
          return refusal(join(root, steps, depth), reason, this.valueType);
        }
        first.set(container, depth);
      }
    }
    return refusal(join(root, steps, steps.length), this.reason, this.valueType);
  }
};
function join(root, steps, count2) {
  const path = root + steps.slice(0, count2).join("");
  return root === "" && path.startsWith(".") ? path.slice(1) : path;
}
function refusal(path, reason, valueType) {
  return new EncodeError(\`Cannot send \${shown2(path)}: \${reason}\`, path, valueType);
}
function shown2(path) {
  if (path === "") return "this value";
  if (path.length <= SHOWN_PATH_CHARS) return path;
  const half = SHOWN_PATH_CHARS / 2;
  return \`\${path.slice(0, half)}\\u2026\${path.slice(-half)}\`;
}

// src/wire/frame.ts
var FrameError = class extends Error {
  name = "FrameError";
  /** "VERSION" where the peer speaks another version of the protocol, else "PROTOCOL". */
  code;
  /** Makes one. */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
};
function writeHeader(into, at, type, flags, length, id) {
  into[at] = 0;
  into[at + 1] = PROTOCOL_VERSION;
  into[at + 2] = type;
  into[at + 3] = flags;
  into[at + 4] = length >>> 24;
  into[at + 5] = length >>> 16;
  into[at + 6] = length >>> 8;
  into[at + 7] = length;
  into[at + 8] = id >>> 24;
  into[at + 9] = id >>> 16;
  into[at + 10] = id >>> 8;
  into[at + 11] = id;
}
function frameBytes(type, flags, id, body) {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(bytes, 0, type, flags, body.length, id);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}
function copyFew(from, into, at) {
  const { length } = from;
  if (length > FEW_BYTES) into.set(from, at);
  else for (let i = 0; i < length; i++) into[at + i] = from[i];
}
var FEW_BYTES = 32;
function readU32(bytes, at) {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}
function writeU32(into, at, value) {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
var FrameReader = class {
  /** The largest body taken; may be raised once the peer is known. */
  maxBody;
  #firstBytes;
  #buffers;
  #buffer = new Uint8Array(IDLE_BUFFER_BYTES);
  /** The small buffer has been full: this stream is not an idle one. */
  #isBusy = false;
  #start = 0;
  #end = 0;
  #large;
  /** A buffer for the next large body. */
  #spare;
  /**
   * Makes one that refuses bodies longer than \`maxBody\` bytes. Where the headers are our own
   * process's, \`believes\` gives a large body its whole buffer at once. So does a used one out of
   * \`buffers\`, which costs nothing: a body in it is \`owned\` like others.
   */
  constructor(maxBody, { believes = false, buffers } = {}) {
    this.maxBody = maxBody;
    this.#buffers = buffers;
    this.#firstBytes = believes ? Infinity : FIRST_BUFFER_BYTES;
  }
  /** Whether part of a frame has come, so that an end of the stream here would cut it. */
  get midFrame() {
    return this.pending > 0;
  }
  /** How many bytes of an unfinished frame have come. */
  get pending() {
    const large = this.#large;
    if (large !== void 0) {
      return large.have === large.header.length ? 0 : HEADER_BYTES + large.have;
    }
    let at = this.#start;
    for (; ; ) {
      const have = this.#end - at;
      const whole = have < HEADER_BYTES ? Infinity : HEADER_BYTES + readU32(this.#buffer, at + 4);
      if (have < whole) return have;
      at += whole;
    }
  }
  /** What has come of a large frame that is being received. */
  get part() {
    if (this.#large === void 0) return void 0;
    const { header: { type, id, length }, have } = this.#large;
    return { type, id, length, have };
  }
  /** Where the next bytes go: never empty. Views given out before may be overwritten. */
  space() {
    const large = this.#large;
    if (large !== void 0) {
      if (large.have === large.body.length) {
        const body = this.#bodyOf(Math.min(large.header.length, large.have * GROWTH_FACTOR));
        body.set(large.body);
        large.body = body;
        large.owned = true;
      }
      return large.body.subarray(large.have, large.have + MAX_TRANSFER_BYTES);
    }
    if (this.#isBusy && this.#buffer.length < FIRST_BUFFER_BYTES) {
      const buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
    } else if (this.#start > 0 && this.#buffer.length - this.#end < this.#buffer.length / 2) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#buffer.subarray(this.#end);
  }
  /**
   * Says that \`count\` bytes were put at the start of what \`space()\` gave, and gives the frames that
   * are now whole. They are read off one by one: what is done about one, such as to raise \`maxBody\`,
   * holds for the next, and those in front of a fault come before it is thrown. So it does not
   * matter how the stream was cut. Take all of them before the next \`space()\`.
   *
   * @throws {FrameError} On the way, where the bytes are no frame, or its body is too long.
   */
  filled(count2) {
    if (this.#large !== void 0) this.#large.have += count2;
    else this.#end += count2;
    if (this.#end === this.#buffer.length) this.#isBusy = true;
    return this.#frames();
  }
  *#frames() {
    const large = this.#large;
    if (large !== void 0) {
      if (large.have < large.header.length) return;
      this.#large = void 0;
      yield { ...large.header, body: large.body, owned: large.owned };
      return;
    }
    const buffer = this.#buffer;
    while (this.#start < this.#end) {
      const at = this.#start;
      const have = this.#end - at;
      this.#checkStart(at, have);
      if (have < HEADER_BYTES) return;
      const type = buffer[at + 2];
      const flags = buffer[at + 3];
      const length = readU32(buffer, at + 4);
      const id = readU32(buffer, at + 8);
      if (length > this.maxBody) {
        const hex = type.toString(16).padStart(2, "0");
        throw new FrameError(
          "PROTOCOL",
          \`a frame of type 0x\${hex} claims a body of \${length} bytes, more than the \${this.maxBody} allowed here\`
        );
      }
      const whole = HEADER_BYTES + length;
      if (have >= whole) {
        this.#start += whole;
        const body = buffer.subarray(at + HEADER_BYTES, at + whole);
        yield { type, flags, length, id, body, owned: false };
      } else if (whole > FIRST_BUFFER_BYTES / 2) {
        const part = buffer.subarray(at + HEADER_BYTES, this.#end);
        const used = this.#buffers?.take(length);
        const size = used === void 0 ? Math.min(length, this.#firstBytes) : length;
        const spare = this.#spare;
        const owned = used !== void 0 || spare === void 0 || spare.byteLength < size;
        const body = used !== void 0 ? new Uint8Array(used, 0, size) : owned ? this.#bodyOf(size) : new Uint8Array(spare, 0, size);
        body.set(part);
        this.#large = { header: { type, flags, length, id }, body, have: part.length, owned };
        this.#start = this.#end = 0;
        return;
      } else return;
    }
  }
  /**
   * Gives back the body of a frame, which is good until the next \`space()\` then, even if it was
   * \`owned\`. In a flood of large frames this saves garbage, of which V8 lets 64 MiB gather.
   */
  reuse({ buffer }) {
    const size = buffer.byteLength;
    if (buffer === this.#buffer.buffer || size > FIRST_BUFFER_BYTES) return;
    if (size > (this.#spare?.byteLength ?? 0)) this.#spare = buffer;
  }
  /** A new buffer; one that will be used again has room for bodies that are a little longer. */
  #bodyOf(size) {
    if (this.#buffers === void 0 || size < FIRST_BUFFER_BYTES) return new Uint8Array(size);
    const rounded = Math.ceil(size / FIRST_BUFFER_BYTES) * FIRST_BUFFER_BYTES;
    return new Uint8Array(new ArrayBuffer(rounded), 0, size);
  }
  #checkStart(at, have) {
    const zero = this.#buffer[at];
    const version = have > 1 ? this.#buffer[at + 1] : PROTOCOL_VERSION;
    if (zero !== 0) {
      const shown3 = this.#buffer.subarray(at, Math.min(this.#end, at + 40));
      throw new FrameError("PROTOCOL", \`a frame must start with byte 0, got \${printable(shown3)}\`);
    }
    if (version !== PROTOCOL_VERSION) {
      throw new FrameError(
        "VERSION",
        \`the peer speaks version \${version} of the protocol, this side version \${PROTOCOL_VERSION}\`
      );
    }
  }
};
function printable(bytes) {
  const text2 = Array.from(
    bytes,
    (byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : \`\\\\x\${byte.toString(16).padStart(2, "0")}\`
  );
  return \`"\${text2.join("")}"\`;
}

// src/values/bytes.ts
var BYTES = {
  sends: {
    prototypes: [ArrayBuffer.prototype, DataView.prototype, Uint8ClampedArray.prototype],
    write(value, encoder) {
      if (value instanceof ArrayBuffer) {
        refuseDetached(value);
        encoder.bin(new Uint8Array(value));
      } else encoder.bin(bytesOf(value));
    }
  }
};
function bytesOf(view) {
  if (view.buffer.byteLength === 0) refuseDetached(view.buffer);
  try {
    if (!(view instanceof DataView) && view.byteLength === 0) view.values();
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Fault("its buffer has been made smaller than it", view.constructor.name);
  }
}
function refuseDetached(buffer) {
  if (buffer instanceof ArrayBuffer && buffer.detached) {
    throw new Fault("its bytes were transferred away", "ArrayBuffer");
  }
}

// src/values/writer.ts
var FIRST_BYTES = 1024;
var KEPT_BYTES = 256 * 1024;
var LIMIT_SLACK_BYTES = 1024;
var HAND_CHARS = 48;
var UTF8 = new TextEncoder();
var Writer = class {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Where the value that is being written has to end at the latest; 0 while there is none. */
  #limit = 0;
  /** How long the large message was that was taken last: the next is often like it. */
  #lastLarge = 0;
  /** The buffer of a large message that is done with, for the next. */
  #used;
  /** It has been there for a while. */
  #isOld = false;
  /** How many bytes are written. */
  get length() {
    return this.#at;
  }
  /** What is written: a view that is good until the next call. */
  bytes() {
    return this.#bytes.subarray(0, this.#at);
  }
  /**
   * Gives what is written away, and starts anew: as a copy of exactly its size, or, where it is
   * larger than 256 KiB, in the buffer itself, which may be larger than the view.
   */
  take() {
    this.#refuseWhileBusy();
    const large = this.#at > KEPT_BYTES;
    const taken = large ? this.bytes() : this.#bytes.slice(0, this.#at);
    if (large) {
      this.#lastLarge = Math.min(this.#bytes.length, MAX_FRAME_BODY_BYTES / 16);
      this.#use(new Uint8Array(FIRST_BYTES));
    }
    this.#at = 0;
    return taken;
  }
  /** Starts anew. A buffer that has grown large is let go. */
  reset() {
    this.truncate(0);
    if (this.#bytes.length > 2 * KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }
  /** Takes the buffer of a large message for the next one like it. */
  reuse(buffer) {
    if (buffer.byteLength > MAX_USED_BUFFER_BYTES) return;
    this.#used = buffer;
    this.#isOld = false;
  }
  /** Lets go of that buffer if it was there already the last time this was called. */
  rest() {
    if (this.#isOld) {
      this.#used?.transfer(0);
      this.#used = void 0;
    }
    this.#isOld = true;
  }
  /** Takes back what was written after the first \`length\` bytes. */
  truncate(length) {
    if (length >= this.#at) return;
    this.#refuseWhileBusy();
    this.#at = length;
  }
  /** Leaves room for \`count\` bytes. Returns where they begin; what they hold is not defined. */
  reserve(count2) {
    this.#refuseWhileBusy();
    this.#need(count2);
    this.#at += count2;
    return this.#at - count2;
  }
  /** Writes a u32 in network order into room that was reserved. */
  setU32(at, value) {
    writeU32(this.#bytes, at, value);
  }
  /** Appends bytes as they are. */
  raw(bytes) {
    this.#refuseWhileBusy();
    this.append(bytes);
  }
  /** Says that a value begins, which may take as much as a frame; or that it has ended. */
  setBusy(busy) {
    if (busy) this.#refuseWhileBusy();
    this.#limit = busy ? this.#at + MAX_FRAME_BODY_BYTES + LIMIT_SLACK_BYTES : 0;
  }
  // From here on, for the entries of the table.
  /** Writes a byte that is a value by itself. */
  byte(value) {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }
  /** Appends bytes as they are, as part of a value. */
  append(bytes) {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
  /** Writes a number: as an integer where it is a safe one and not -0, else as a float. */
  number(value) {
    this.#need(9);
    const int = value | 0;
    if (int !== value || int === 0 && Object.is(value, -0)) return this.#wideNumber(value);
    if (int >= 0) {
      if (int < 128) this.#bytes[this.#at++] = int;
      else this.#sized(204, int);
    } else if (int >= -32) this.#bytes[this.#at++] = int;
    else if (int >= -128) this.#put8(208, int);
    else if (int >= -32768) this.#put16(209, int);
    else this.#put32(210, int);
  }
  /** A number that is no integer of 32 bits: a float, or a large integer. */
  #wideNumber(value) {
    if (!Number.isSafeInteger(value) || value === 0) return this.#float64(value);
    if (value > 0 && value <= 4294967295) return this.#put32(206, value);
    this.#bytes[this.#at++] = value > 0 ? 207 : 211;
    this.#view.setInt32(this.#at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(this.#at + 4, value % 2 ** 32 >>> 0);
    this.#at += 8;
  }
  /** Writes a float 64. */
  float(value) {
    this.#need(9);
    this.#float64(value);
  }
  #float64(value) {
    this.#bytes[this.#at] = 203;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }
  /** Writes the 64 bits of an integer outside the safe ones, as uint 64 or int 64. */
  integer64(value) {
    this.#need(9);
    this.#bytes[this.#at] = value > 0n ? 207 : 211;
    this.#view.setBigUint64(this.#at + 1, BigInt.asUintN(64, value));
    this.#at += 9;
  }
  /** Writes bytes as bin. */
  bin(bytes) {
    const length = bytes.length;
    if (length === 0) bytesOf(bytes);
    this.#need(5 + length);
    this.#sized(196, length);
    this.append(bytes);
  }
  /** Writes the header of an array. */
  arrayHeader(length) {
    this.#need(5);
    if (length < 16) this.#bytes[this.#at++] = 144 | length;
    else if (length < 65536) this.#put16(220, length);
    else this.#put32(221, length);
  }
  /** Writes the header of a map. */
  mapHeader(length) {
    this.#need(5);
    if (length < 16) this.#bytes[this.#at++] = 128 | length;
    else if (length < 65536) this.#put16(222, length);
    else this.#put32(223, length);
  }
  /** Takes back what was written of a value since \`start\`. */
  rewind(start) {
    this.#at = start;
  }
  /** Writes the header of an extension, and makes room for its payload of \`length\` bytes. */
  extensionHeader(code, length) {
    this.#need(6 + length);
    const fixed = FIXED_EXTENSIONS.get(length);
    if (fixed !== void 0) this.#bytes[this.#at++] = fixed;
    else this.#sized(199, length);
    this.#bytes[this.#at++] = code;
  }
  /** Leaves room for the header of an extension, whose length is not known yet. */
  openExtension() {
    this.#need(3);
    this.#at += 3;
    return this.#at - 3;
  }
  /** Writes the shortest header there is for the payload that was written since. */
  closeExtension(at, code) {
    const payload = at + 3;
    const length = this.#at - payload;
    const fixed = FIXED_EXTENSIONS.get(length);
    const header = fixed !== void 0 ? 2 : length < 256 ? 3 : length < 65536 ? 4 : 6;
    this.#need(3);
    if (header !== 3) this.#bytes.copyWithin(at + header, payload, this.#at);
    this.#at = at;
    this.extensionHeader(code, length);
    this.#at += length;
  }
  /** Writes a string. */
  string(value) {
    const length = value.length;
    if (length > HAND_CHARS) return this.#longString(value);
    this.#need(2 + length);
    const bytes = this.#bytes;
    let at = this.#at + (length < 32 ? 1 : 2);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return this.#wideString(value);
      bytes[at++] = code;
    }
    if (length < 32) bytes[this.#at] = 160 | length;
    else this.#put8(217, length);
    this.#at = at;
  }
  /** A short string that is not all ASCII. */
  #wideString(value) {
    const start = this.#at;
    this.#need(2 + 3 * value.length);
    const guess = value.length < 16 ? 1 : 2;
    const end = writeUtf8(value, this.#bytes, start + guess);
    if (end < 0) throw notWellFormed();
    this.#at = end;
    this.#stringHeader(start, guess);
  }
  #longString(value) {
    if (!value.isWellFormed()) throw notWellFormed();
    const start = this.#at;
    const guess = headerLength(value.length);
    this.#need(guess);
    this.#at += guess;
    let rest = value;
    while (rest !== "") {
      this.#need(rest.length + 3);
      const { read, written } = UTF8.encodeInto(rest, this.#bytes.subarray(this.#at));
      this.#at += written;
      rest = rest.slice(read);
    }
    this.#stringHeader(start, guess);
  }
  /** Puts the header of a string at \`start\`, whose bytes come \`guess\` after that. */
  #stringHeader(start, guess) {
    const length = this.#at - start - guess;
    const header = headerLength(length);
    if (header !== guess) {
      this.#need(header);
      this.#bytes.copyWithin(start + header, start + guess, this.#at);
    }
    this.#at = start;
    if (length < 32) this.#bytes[this.#at++] = 160 | length;
    else this.#sized(217, length);
    this.#at += length;
  }
  // These four have been given their room.
  /** Writes a length, or a positive integer: \`head\` is that of 8 bits, 16 and 32 come after it. */
  #sized(head, value) {
    if (value < 256) this.#put8(head, value);
    else if (value < 65536) this.#put16(head + 1, value);
    else this.#put32(head + 2, value);
  }
  #put8(head, value) {
    this.#bytes[this.#at] = head;
    this.#bytes[this.#at + 1] = value;
    this.#at += 2;
  }
  #put16(head, value) {
    this.#bytes[this.#at] = head;
    this.#bytes[this.#at + 1] = value >> 8;
    this.#bytes[this.#at + 2] = value;
    this.#at += 3;
  }
  #put32(head, value) {
    this.#bytes[this.#at] = head;
    writeU32(this.#bytes, this.#at + 1, value);
    this.#at += 5;
  }
  #need(count2) {
    if (this.#at + count2 > this.#bytes.length) this.#grow(this.#at + count2);
  }
  #grow(needed) {
    if (this.#limit !== 0 && needed > this.#limit) {
      throw new Fault(\`the message would be larger than \${MAX_FRAME_BODY_BYTES} bytes\`, "object");
    }
    let length = Math.max(needed, this.#bytes.length * 2);
    if (length >= KEPT_BYTES / 4) length = Math.max(length, this.#lastLarge);
    const bytes = length > KEPT_BYTES ? this.#large(needed, length) : new Uint8Array(length);
    bytes.set(this.bytes());
    this.#use(bytes);
  }
  /** A used buffer if it fits; else a new one, with room for the next message like this. */
  #large(needed, length) {
    const used = this.#used;
    if (used === void 0 || used.byteLength < needed || used.byteLength > 2 * length) {
      return new Uint8Array(Math.ceil(length / KEPT_BYTES) * KEPT_BYTES);
    }
    this.#used = void 0;
    return new Uint8Array(used);
  }
  #use(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
  #refuseWhileBusy() {
    if (this.#limit === 0) return;
    throw new EncodeError(
      "Cannot send a value while another is being read for sending: a getter or Proxy of that one asks for it",
      ""
    );
  }
};
var FIXED_EXTENSIONS = /* @__PURE__ */ new Map([
  [1, 212],
  [2, 213],
  [4, 214],
  [8, 215],
  [16, 216]
]);
function headerLength(length) {
  return length < 32 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5;
}
function notWellFormed() {
  return new Fault("a string with half of a surrogate pair is no text", "string");
}

// src/control.ts
var DECODER = new Decoder(/* @__PURE__ */ new Map());
function decodeControl(bytes) {
  return DECODER.decode(bytes);
}
function encodeControl(body) {
  const writer = new Writer();
  const fields = Object.entries(body);
  writer.mapHeader(fields.length);
  for (const [field, value] of fields) {
    try {
      writer.string(field);
      if (typeof value === "string") writer.string(value);
      else if (typeof value === "number") writer.number(value);
      else if (typeof value === "boolean") writer.byte(value ? 195 : 194);
      else throw new Fault("control bodies have strings, numbers and booleans", typeof value);
    } catch (error) {
      throw error instanceof Fault ? error.toError(field) : error;
    }
  }
  return writer.bytes();
}

// src/id_table.ts
var HOLES = 256;
var IdTable = class {
  /** Ascending, from \`#first\` on; where the value is undefined it has left. */
  #ids = [];
  #values = [];
  #first = 0;
  #size = 0;
  /** How many are in it. */
  get size() {
    return this.#size;
  }
  /** The value under an id. */
  get(id) {
    return this.#values[this.#find(id)];
  }
  /** Adds a value; its id has to be above all that were added before. */
  add(id, value) {
    this.#ids.push(id);
    this.#values.push(value);
    this.#size++;
  }
  /** Takes a value out. */
  take(id) {
    const at = this.#find(id);
    const value = this.#values[at];
    if (value === void 0) return void 0;
    this.#values[at] = void 0;
    this.#size--;
    while (this.#first < this.#values.length && this.#values[this.#first] === void 0) {
      this.#first++;
    }
    const holes = this.#values.length - this.#size;
    if (holes > HOLES && holes > this.#size) this.#close();
    return value;
  }
  /** Takes the value with the lowest id out. */
  takeFirst() {
    return this.#size === 0 ? void 0 : this.take(this.#ids[this.#first]);
  }
  /** The ids, ascending. */
  ids() {
    return this.#ids.filter((_, i) => this.#values[i] !== void 0);
  }
  /** Takes everything out. */
  clear() {
    this.#ids = [];
    this.#values = [];
    this.#first = this.#size = 0;
  }
  /** Where an id is; -1 if it never came, or has left for good. */
  #find(id) {
    const ids = this.#ids;
    let low = this.#first;
    const guess = low + id - ids[low];
    if (ids[guess] === id) return guess;
    let high = ids.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (ids[middle] < id) low = middle + 1;
      else high = middle;
    }
    return ids[low] === id ? low : -1;
  }
  #close() {
    if (this.#first + this.#size === this.#ids.length) {
      this.#ids.splice(0, this.#first);
      this.#values.splice(0, this.#first);
    } else {
      this.#ids = this.ids();
      this.#values = this.#values.filter((value) => value !== void 0);
    }
    this.#first = 0;
  }
};

// src/wire/messages.ts
var MessageType = {
  CLIENT_HELLO: 1,
  SERVER_HELLO: 2,
  ERROR: 3,
  GOODBYE: 4,
  PING: 5,
  PONG: 6,
  CHALLENGE: 7,
  PROOF: 8,
  EVAL: 16,
  RESULT: 17,
  CANCEL: 18,
  INTERRUPT: 19,
  INTERRUPTED: 20,
  RUNNING: 21,
  STATUS: 22,
  STATUS_REPLY: 23,
  OUTPUT_HELLO: 32,
  OUTPUT_READY: 33,
  OUTPUT: 34,
  OUTPUT_END: 35,
  LOG: 36
};
var SILENT_FLAG = 128;
var ResultStatus = {
  /** The values are the value of the code. */
  VALUE: 0,
  /** The values are one exception record. */
  PYTHON_ERROR: 1,
  /** Stopped by a CANCEL; control says \`how\`. */
  CANCELLED: 2,
  /** The python process died while it ran this eval; control has \`exit_code\` or \`signal\`. */
  DIED: 3,
  /** The value of the code cannot be sent; control says \`message\`, \`path\`, \`type\`. */
  UNSENDABLE: 4,
  /** The namespace was lost with its python process; the code was not run. */
  NAMESPACE_GONE: 5
};

// src/rules.ts
var RuleBroken = class extends Error {
  /** "RuleBroken". */
  name = "RuleBroken";
};
var ALLOWED = {
  main: {
    none: [],
    hello: [MessageType.CHALLENGE, MessageType.SERVER_HELLO, MessageType.ERROR],
    open: [
      MessageType.RESULT,
      MessageType.INTERRUPTED,
      MessageType.RUNNING,
      MessageType.STATUS_REPLY,
      MessageType.GOODBYE,
      MessageType.ERROR,
      MessageType.PING,
      MessageType.PONG
    ]
  },
  output: {
    none: [],
    hello: [MessageType.OUTPUT_READY, MessageType.ERROR],
    open: [
      MessageType.OUTPUT,
      MessageType.OUTPUT_END,
      MessageType.LOG,
      MessageType.ERROR,
      MessageType.PING,
      MessageType.PONG
    ]
  }
};
var BARE = [MessageType.PING, MessageType.PONG, MessageType.OUTPUT_END];
var NUMBERED = [...BARE, MessageType.RUNNING, MessageType.STATUS_REPLY];
var CLASS_OF_CODE = {
  PROTOCOL: "ProtocolError",
  VERSION: "ProtocolError",
  STREAM_TOKEN: "ProtocolError",
  AUTHENTICATION: "AuthenticationError",
  SLOW_READER: "SessionClosedError"
};
var NAMES = new Map(
  Object.entries(MessageType).map(([name, type]) => [type, name])
);
function checkAllowed(stream, state, type) {
  if (ALLOWED[stream][state].includes(type)) return;
  throw new RuleBroken(
    state === "hello" ? \`the server's first message on the \${stream}stream was \${typeName(type)}\` : \`the server sent \${typeName(type)} on the \${stream}stream\`
  );
}
function checkHeader({ type, flags, id, length }) {
  if (type === MessageType.RESULT || type === MessageType.OUTPUT) return;
  if (flags !== 0) throw new RuleBroken(\`the server sent \${typeName(type)} with flags \${flags}\`);
  if (length !== 0 && BARE.includes(type)) {
    throw new RuleBroken(\`the server sent \${typeName(type)} with a body of \${length} bytes\`);
  }
  if (id !== 0 && !NUMBERED.includes(type)) {
    throw new RuleBroken(\`the server sent \${typeName(type)} with id \${id}\`);
  }
}
function readControl(frame, parse, maxBytes = MAX_CONTROL_BODY_BYTES) {
  if (frame.length > maxBytes) {
    throw new RuleBroken(
      \`a \${typeName(frame.type)} has a body of \${frame.length} bytes, more than the \${maxBytes} allowed\`
    );
  }
  try {
    return parse(frame.length === 0 ? {} : decodeControl(frame.body));
  } catch (error) {
    throw new RuleBroken(error instanceof Error ? error.message : String(error));
  }
}
function classOfCode(code) {
  return Object.hasOwn(CLASS_OF_CODE, code) ? CLASS_OF_CODE[code] : "ConnectionError";
}
function typeName(type) {
  return NAMES.get(type) ?? \`type 0x\${type.toString(16).padStart(2, "0")}\`;
}

// src/wire/parse.ts
var BodyError = class extends Error {
  name = "BodyError";
};
function parseServerHello(body) {
  const map = control("SERVER_HELLO", body);
  const limits = control("SERVER_HELLO limits", map.limits);
  const python = control("SERVER_HELLO python", map.python);
  const session_id = text("SERVER_HELLO", map, "session_id");
  if (!/^[0-9a-f]{32}$/.test(session_id)) {
    throw new BodyError(\`SERVER_HELLO has a session_id of \${JSON.stringify(session_id)}\`);
  }
  return {
    session_id,
    stream_token: text("SERVER_HELLO", map, "stream_token"),
    output_addr: text("SERVER_HELLO", map, "output_addr"),
    limits: {
      frame_bytes: Math.min(
        count("SERVER_HELLO limits", limits, "frame_bytes"),
        MAX_FRAME_BODY_BYTES
      ),
      evals_in_flight: Math.min(
        count("SERVER_HELLO limits", limits, "evals_in_flight"),
        MAX_EVALS_IN_FLIGHT
      )
    },
    server: text("SERVER_HELLO", map, "server"),
    python: {
      version: text("SERVER_HELLO python", python, "version"),
      implementation: text("SERVER_HELLO python", python, "implementation"),
      msgpack: text("SERVER_HELLO python", python, "msgpack")
    },
    features: words("SERVER_HELLO", map, "features"),
    ...Object.hasOwn(map, "proof") ? { proof: text("SERVER_HELLO", map, "proof") } : {}
  };
}
function parseInterrupted(body) {
  const map = control("INTERRUPTED", body);
  return Object.hasOwn(map, "id") ? { id: count("INTERRUPTED", map, "id") } : {};
}
function parseChallenge(body) {
  const nonce = text("CHALLENGE", control("CHALLENGE", body), "nonce");
  if (!isNonce(nonce)) throw new BodyError("CHALLENGE has a nonce that is not 64 hex digits");
  return { nonce };
}
function parseRunning(body) {
  return { ms: count("RUNNING", control("RUNNING", body), "ms") };
}
function parseStatus(body) {
  const map = control("STATUS_REPLY", body);
  const python = control("STATUS_REPLY python", map.python);
  const process = control("STATUS_REPLY process", map.process);
  const status = {
    python: {
      version: text("STATUS_REPLY python", python, "version"),
      implementation: text("STATUS_REPLY python", python, "implementation")
    },
    queued: count("STATUS_REPLY", map, "queued"),
    process: {
      evals: count("STATUS_REPLY process", process, "evals"),
      sessions: count("STATUS_REPLY process", process, "sessions")
    }
  };
  if (Object.hasOwn(python, "pid")) {
    status.python.pid = count("STATUS_REPLY python", python, "pid");
  }
  if (Object.hasOwn(map, "running")) status.running = count("STATUS_REPLY", map, "running");
  return status;
}
function parseError(body) {
  const map = control("ERROR", body);
  return { code: text("ERROR", map, "code"), message: text("ERROR", map, "message") };
}
function parseGoodbye(body) {
  const map = control("GOODBYE", body);
  const drain = Object.hasOwn(map, "drain") ? map.drain : false;
  if (typeof drain !== "boolean") throw new BodyError(\`GOODBYE has a drain that is no boolean\`);
  return {
    reason: Object.hasOwn(map, "reason") ? text("GOODBYE", map, "reason") : void 0,
    drain
  };
}
function parseOutputReady(body) {
  control("OUTPUT_READY", body);
}
function parseLog(body) {
  const map = control("LOG", body);
  const level = text("LOG", map, "level");
  if (level !== "debug" && level !== "info" && level !== "warn" && level !== "error") {
    throw new BodyError(\`LOG has the level \${JSON.stringify(level)}\`);
  }
  const record = {
    ...map,
    level,
    ts: text("LOG", map, "ts"),
    msg: text("LOG", map, "msg"),
    session_id: text("LOG", map, "session_id")
  };
  if (Object.hasOwn(map, "future_id")) record.future_id = count("LOG", map, "future_id");
  return record;
}
function control(what, body) {
  if (typeof body === "object" && body !== null) {
    const prototype = Object.getPrototypeOf(body);
    if (prototype === Object.prototype || prototype === null) {
      return body;
    }
  }
  throw new BodyError(\`the body of \${what} is no map with string keys\`);
}
function text(what, map, field) {
  const value = Object.hasOwn(map, field) ? map[field] : void 0;
  if (typeof value === "string") return value;
  throw new BodyError(\`\${what} has no string '\${field}'\`);
}
function words(what, map, field) {
  const value = Object.hasOwn(map, field) ? map[field] : [];
  if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value;
  throw new BodyError(\`\${what} has '\${field}' that are no strings\`);
}
function count(what, map, field) {
  const value = Object.hasOwn(map, field) ? map[field] : void 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BodyError(\`\${what} has no '\${field}' that is an integer of 0 or more\`);
}

// src/login.ts
var Unproven = class extends Error {
  /** "Unproven". */
  name = "Unproven";
};
var Login = class {
  #hasToken;
  /** CLIENT_HELLO as it was sent. */
  #hello;
  #challenged = false;
  #proofs;
  /** Makes one. */
  constructor(hasToken) {
    this.#hasToken = hasToken;
  }
  /** CLIENT_HELLO has been sent. */
  said(hello) {
    this.#hello = hello;
  }
  /**
   * A CHALLENGE has come.
   *
   * @returns What to compute the proofs of.
   * @throws {RuleBroken} If it is not what it must be.
   * @throws {Unproven} If there is no token to answer it with.
   */
  challenge(frame) {
    if (this.#challenged) throw new RuleBroken("the server sent a second CHALLENGE");
    this.#challenged = true;
    readControl(frame, parseChallenge, MAX_HELLO_BODY_BYTES);
    if (!this.#hasToken) throw new Unproven("the server asks for a token, and none was given");
    const challenge = frameBytes(frame.type, frame.flags, frame.id, frame.body);
    return { hello: this.#hello, challenge };
  }
  /** The proofs are computed. */
  computed(proofs) {
    this.#proofs = proofs;
  }
  /** The outputstream's proof, after a login. */
  get outputProof() {
    return this.#proofs?.output;
  }
  /** What to add to the server's word for a failed login: it has one for all of them. */
  hint(code) {
    return code === "AUTHENTICATION" && !this.#hasToken ? " (none was given)" : "";
  }
  /**
   * SERVER_HELLO has come.
   *
   * @throws {Unproven} If the server does not know the token that it has to know.
   */
  check({ proof }) {
    if (!this.#hasToken) return;
    if (proof === void 0) {
      throw new Unproven("a token was given, and the server has none: it may be anybody's");
    }
    if (this.#proofs === void 0 || !isSameSecret(proof, this.#proofs.server)) {
      throw new Unproven("the server has not proven that it knows the token");
    }
  }
};

// src/stream.ts
var Stream = class {
  reader = new FrameReader(MAX_HELLO_BODY_BYTES);
  #state = "none";
  #heardAt = 0;
  /** When a PING was last sent. */
  #askedAt = 0;
  /** It is not read on purpose, so that its silence says nothing. */
  #paused = false;
  /** How far it has come. */
  get state() {
    return this.#state;
  }
  /** When something last came. */
  get heardAt() {
    return this.#heardAt;
  }
  /** Its TCP connection stands: the hello is next. */
  dialled(now) {
    this.#state = "hello";
    this.#askedAt = now;
    this.heard(now);
  }
  /** Its hello is over: from here on frames may be large. */
  opened() {
    this.#state = "open";
    this.reader.maxBody = MAX_FRAME_BODY_BYTES;
  }
  /** Something has come. */
  heard(now) {
    this.#heardAt = now;
  }
  /** It is not read from now on: its readers are behind. */
  pause() {
    this.#paused = true;
  }
  /** It is read again: its clock starts anew. */
  resume(now) {
    this.#paused = false;
    this.heard(now);
  }
  /**
   * Looks at the peer's silence, and at ours.
   *
   * @returns "ask" when a PING is due, which also tells the peer that we are there: one that sends
   * much, or that we do not read on purpose, has no other sign of it. The silence in milliseconds
   * when the peer has not even answered that. Else undefined.
   */
  check(now) {
    if (this.#state !== "open") return void 0;
    const silent = now - this.#heardAt;
    if (!this.#paused && silent >= PING_INTERVAL_MS + PING_TIMEOUT_MS) return silent;
    if (now - this.#askedAt < PING_INTERVAL_MS) return void 0;
    this.#askedAt = now;
    return "ask";
  }
};

// src/transport/transport.ts
var UntrustedError = class extends Error {
  /** "UntrustedError". */
  name = "UntrustedError";
};
async function unlessAborted(signal, step, undo) {
  const aborted = Promise.withResolvers();
  const onAbort = () => {
    undo();
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([step, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

// src/connection.ts
var Connection = class {
  #where;
  #hello;
  #streams = {
    main: new Stream(),
    output: new Stream()
  };
  #events = [];
  #server;
  #login;
  /** Evals that the server has and has not answered. */
  #inFlight = /* @__PURE__ */ new Set();
  /** Evals that wait for room there, in order. */
  #queued = new IdTable();
  /** The last eval that was given to the mainstream. */
  #lastSent = 0;
  /** Evals that were given to it and whose output has not ended. */
  #unended = /* @__PURE__ */ new Set();
  /** INTERRUPTs that have been sent and not answered. */
  #interrupts = 0;
  /** STATUS that have been sent and not answered. */
  #asked = /* @__PURE__ */ new Set();
  #closing = "no";
  #goodbyeSent = false;
  /** The server has said goodbye, and the rest of the output is on its way. */
  #farewell;
  #ended = false;
  /** Makes one; \`where\` is the server's address for error messages. */
  constructor(where, hello) {
    this.#where = where;
    this.#hello = hello;
    this.#login = new Login(hello.nonce !== void 0);
  }
  /** The server's hello, once it has come. */
  get server() {
    return this.#server;
  }
  /** Whether the session is over. */
  get ended() {
    return this.#ended;
  }
  /** Whether no output of this eval comes any more, once all events have been taken. */
  hasEnded(id) {
    return id <= this.#lastSent && !this.#unended.has(id);
  }
  /** What happened since the last call, in order. */
  takeEvents() {
    const events = this.#events;
    this.#events = [];
    return events;
  }
  /** Where the next bytes of a stream go. */
  space(stream) {
    return this.#streams[stream].reader.space();
  }
  /** A stream's TCP connection stands. */
  dialled(name, now) {
    this.#streams[name].dialled(now);
    if (name === "main") {
      const { client, name: name2, nonce } = this.#hello;
      const body = {
        protocol: PROTOCOL_VERSION,
        client,
        ...name2 === void 0 ? {} : { name: name2 },
        ...nonce === void 0 ? {} : { nonce }
      };
      this.#login.said(this.#sendControl("main", MessageType.CLIENT_HELLO, 0, body));
    } else {
      const proof = this.#login.outputProof;
      const body = {
        stream_token: this.#server.stream_token,
        ...proof === void 0 ? {} : { proof }
      };
      this.#sendControl("output", MessageType.OUTPUT_HELLO, 0, body);
    }
  }
  /** The proofs that a challenge asked for. */
  proofs(proofs) {
    if (this.#ended) return;
    this.#login.computed(proofs);
    this.#sendControl("main", MessageType.PROOF, 0, { proof: proofs.client });
  }
  /** \`count\` bytes of a stream were put at the start of \`space(stream)\`. */
  received(name, count2, now) {
    if (this.#ended) return;
    const stream = this.#streams[name];
    stream.heard(now);
    try {
      for (const frame of stream.reader.filled(count2)) {
        this.#frame(name, stream, frame);
        if (this.#ended) return;
      }
    } catch (error) {
      if (error instanceof Unproven) return this.#unproven(error.message);
      if (!(error instanceof FrameError || error instanceof RuleBroken)) throw error;
      this.#broken(name, error.message, error instanceof FrameError ? error.code : "PROTOCOL");
    }
  }
  /** A stream came to its end, or broke with an error. */
  lost(name, error) {
    if (this.#ended) return;
    if (this.#farewell !== void 0) {
      if (name === "output") this.#farewell.end();
      return;
    }
    if (this.#goodbyeSent) return this.#end("CLIENT_CLOSED", void 0);
    const stream = this.#streams[name];
    const what = error !== void 0 ? \`the \${name}stream broke\` : stream.state !== "open" ? \`the server closed the \${name}stream before its hello\` + (stream.reader.midFrame ? \`, in the middle of it\` : this.#hello.tls ? "" : NO_TLS) : \`the server closed the \${name}stream\` + (stream.reader.midFrame ? \` in the middle of a message\` : "");
    this.#fail("CONNECTION_LOST", "ConnectionError", what, error);
  }
  /** A stream could not be dialled. */
  notDialled(name, error) {
    if (this.#ended) return;
    if (error instanceof UntrustedError) {
      const what = \`the server is not the one it should be\`;
      return this.#fail("AUTHENTICATION", "AuthenticationError", what, error);
    }
    this.#fail("CONNECTION_LOST", "ConnectionError", \`cannot dial the \${name}stream\`, error);
  }
  /** Takes whole EVAL frames, one behind the other; sends what the server has room for. */
  evals(bytes) {
    if (this.#ended || this.#closing !== "no") return;
    const room = this.#room();
    let count2 = 0;
    let at = 0;
    let last = 0;
    while (at < bytes.length && count2 < room && this.#queued.size === 0) {
      last = readU32(bytes, at + 8);
      this.#inFlight.add(last);
      this.#unended.add(last);
      at += HEADER_BYTES + readU32(bytes, at + 4);
      count2++;
    }
    if (at > 0) {
      this.#lastSent = last;
      this.#send("main", at === bytes.length ? bytes : bytes.subarray(0, at));
      this.#events.push({ kind: "sent", id: last, bytes: at });
    }
    while (at < bytes.length) {
      const end = at + HEADER_BYTES + readU32(bytes, at + 4);
      this.#queued.add(readU32(bytes, at + 8), bytes.subarray(at, end));
      at = end;
    }
  }
  /** Cancels an eval: one that waits here is settled at once, one in flight by the server. */
  cancel(id, reason) {
    if (this.#ended) return;
    if (this.#queued.take(id) !== void 0) {
      this.#settleHere(id);
    } else if (this.#inFlight.has(id)) {
      this.#sendControl("main", MessageType.CANCEL, id, { reason });
    }
  }
  /** Interrupts whatever eval runs; each is answered by \`interrupted\`. */
  interrupt() {
    if (this.#ended || this.#closing === "now") return;
    this.#interrupts++;
    this.#sendControl("main", MessageType.INTERRUPT, 0, {});
  }
  /** Asks how things are; answered by \`status\` with the same id. */
  status(id) {
    if (this.#ended || this.#closing === "now") return;
    this.#asked.add(id);
    this.#sendControl("main", MessageType.STATUS, id, {});
  }
  /** What has come of a large frame on the mainstream. */
  get part() {
    return this.#streams.main.reader.part;
  }
  /** Says goodbye: at once, or once everything in flight is settled. */
  close(drain) {
    if (this.#ended || this.#closing === "now") return;
    this.#closing = drain ? "drain" : "now";
    if (this.#streams.main.state !== "open") return this.#end("CLIENT_CLOSED", void 0);
    if (!drain) this.#queued.clear();
    this.#goodbyeIfDue();
  }
  /** To be called every second: asks a silent peer, and gives up one that does not answer. */
  tick(now) {
    if (this.#farewell !== void 0 && now - this.#farewell.since >= CLOSE_DEADLINE_MS) {
      this.#farewell.end();
    }
    for (const name of ["main", "output"]) {
      if (this.#ended) return;
      const silent = this.#streams[name].check(now);
      if (silent === "ask") this.#send(name, frameBytes(MessageType.PING, 0, 0, NOTHING2));
      else if (silent !== void 0) {
        const what = \`nothing came on the \${name}stream for \${Math.round(silent / 1e3)} s, not even the answer to a ping\`;
        this.#fail("PEER_LOST", "ConnectionError", what);
      }
    }
  }
  /** A stream is not read from now on: its readers are behind. */
  paused(name) {
    this.#streams[name].pause();
  }
  /** It is read again: its clock starts anew. */
  resumed(name, now) {
    this.#streams[name].resume(now);
  }
  #room() {
    return this.#server.limits.evals_in_flight - this.#inFlight.size;
  }
  #frame(name, stream, frame) {
    checkAllowed(name, stream.state, frame.type);
    checkHeader(frame);
    switch (frame.type) {
      case MessageType.CHALLENGE:
        this.#events.push({ kind: "challenged", transcript: this.#login.challenge(frame) });
        break;
      case MessageType.SERVER_HELLO: {
        const hello = readControl(frame, parseServerHello, MAX_HELLO_BODY_BYTES);
        this.#login.check(hello);
        this.#server = hello;
        stream.opened();
        this.#events.push({ kind: "opened", hello });
        break;
      }
      case MessageType.OUTPUT_READY:
        readControl(frame, parseOutputReady);
        stream.opened();
        this.#events.push({ kind: "connected" });
        break;
      case MessageType.RESULT:
        this.#result(frame);
        break;
      case MessageType.INTERRUPTED: {
        if (this.#interrupts === 0) throw new RuleBroken("an INTERRUPTED was not asked for");
        this.#interrupts--;
        this.#events.push({ kind: "interrupted", ...readControl(frame, parseInterrupted) });
        break;
      }
      case MessageType.RUNNING: {
        const { id } = frame;
        if (!this.#inFlight.has(id)) {
          throw new RuleBroken(\`a RUNNING came for request \${id}, which is not in flight\`);
        }
        this.#events.push({ kind: "running", id, ...readControl(frame, parseRunning) });
        break;
      }
      case MessageType.STATUS_REPLY: {
        const { id } = frame;
        if (!this.#asked.delete(id)) {
          throw new RuleBroken(\`a STATUS_REPLY came for \${id}, which was not asked\`);
        }
        this.#events.push({ kind: "status", id, status: readControl(frame, parseStatus) });
        break;
      }
      case MessageType.OUTPUT:
        if (frame.flags !== 1 && frame.flags !== 2) {
          throw new RuleBroken(\`an OUTPUT has the descriptor \${frame.flags}, not 1 or 2\`);
        }
        this.#checkHasOutput(frame.id);
        this.#events.push({ kind: "output", id: frame.id, fd: frame.flags, bytes: frame.body });
        stream.reader.reuse(frame.body);
        break;
      case MessageType.OUTPUT_END:
        this.#checkHasOutput(frame.id);
        this.#outputEnds(frame.id);
        this.#events.push({ kind: "output_end", id: frame.id });
        this.#goodbyeIfDue();
        this.#endIfComplete();
        break;
      case MessageType.LOG: {
        const record = readControl(frame, parseLog);
        this.#events.push({ kind: "log", record, bytes: frame.length });
        break;
      }
      case MessageType.PING:
        this.#send(name, frameBytes(MessageType.PONG, 0, frame.id, NOTHING2));
        break;
      case MessageType.PONG:
        break;
      case MessageType.ERROR: {
        const { code, message } = readControl(frame, parseError);
        this.#fail(code, classOfCode(code), \`the server said: \${message}\${this.#login.hint(code)}\`);
        break;
      }
      case MessageType.GOODBYE: {
        const { reason } = readControl(frame, parseGoodbye);
        const end = () => {
          if (this.#goodbyeSent) return this.#end("CLIENT_CLOSED", void 0);
          const what = \`the server ended the session (\${reason ?? "no reason given"})\`;
          this.#fail(reason ?? "SHUTDOWN", "ConnectionError", what);
        };
        this.#farewell = { end, since: stream.heardAt };
        this.#endIfComplete();
        break;
      }
    }
  }
  /** Output is of evals that were sent and whose output has not ended: who keeps it counts on that. */
  #checkHasOutput(id) {
    if (id > this.#lastSent) throw new RuleBroken(\`output came of eval \${id}, which was not sent\`);
    if (!this.#unended.has(id)) {
      throw new RuleBroken(\`output came of eval \${id}, after the end of its output\`);
    }
  }
  #outputEnds(last) {
    for (const id of this.#unended) {
      if (id > last) return;
      this.#unended.delete(id);
    }
  }
  #result(frame) {
    if (!this.#inFlight.delete(frame.id)) {
      throw new RuleBroken(\`a RESULT came for request \${frame.id}, which is not in flight\`);
    }
    const { id, flags, body, owned } = frame;
    const status = flags & ~SILENT_FLAG;
    const isSilent = (flags & SILENT_FLAG) !== 0;
    if (status > ResultStatus.NAMESPACE_GONE) {
      throw new RuleBroken(\`a RESULT has the status \${status}, which is none\`);
    }
    if (isSilent) this.#unended.delete(id);
    this.#events.push({ kind: "result", id, status, body, owned, isSilent });
    while (this.#queued.size > 0 && this.#room() > 0) {
      const bytes = this.#queued.takeFirst();
      const next = readU32(bytes, 8);
      this.#inFlight.add(next);
      this.#unended.add(next);
      this.#lastSent = next;
      this.#send("main", bytes);
      this.#events.push({ kind: "sent", id: next, bytes: bytes.length });
    }
    this.#goodbyeIfDue();
  }
  /** Settles an eval that never left: as the server would, with a RESULT of its own. */
  #settleHere(id) {
    const body = queuedResult();
    this.#events.push({
      kind: "result",
      id,
      status: ResultStatus.CANCELLED,
      body,
      owned: true,
      isSilent: false
    });
    this.#events.push({ kind: "never_sent", id });
    this.#goodbyeIfDue();
  }
  #goodbyeIfDue() {
    if (this.#closing === "no" || this.#goodbyeSent) return;
    if (this.#closing === "drain" && (this.#inFlight.size > 0 || this.#queued.size > 0 || this.#unended.size > 0)) return;
    this.#goodbyeSent = true;
    this.#sendControl("main", MessageType.GOODBYE, 0, { drain: this.#closing === "drain" });
  }
  /** After the server's goodbye: what is left of the output comes on the other stream. */
  #endIfComplete() {
    if (this.#closing === "now" || this.#unended.size === 0) this.#farewell?.end();
  }
  #sendControl(stream, type, id, body) {
    const bytes = frameBytes(type, 0, id, encodeControl(body));
    this.#send(stream, bytes);
    return bytes;
  }
  #send(stream, bytes) {
    this.#events.push({ kind: "send", stream, bytes });
  }
  /** The server broke a rule: it is told so, once, and the session ends. */
  #broken(name, message, code) {
    this.#sendControl(name, MessageType.ERROR, 0, { code, message });
    this.#fail(code, "ProtocolError", message);
  }
  /** One end could not prove itself: the server is told so, and the session ends. */
  #unproven(message) {
    this.#sendControl("main", MessageType.ERROR, 0, { code: "AUTHENTICATION", message });
    this.#fail("AUTHENTICATION", "AuthenticationError", message);
  }
  #fail(reason, errorClass, why, cause) {
    const doing = this.#server === void 0 ? \`Cannot open a session at \${this.#where}\` : this.#streams.output.state !== "open" ? \`Cannot connect session \${this.#server.session_id} at \${this.#where}\` : \`Cannot go on with session \${this.#server.session_id} at \${this.#where}\`;
    const told = cause instanceof Error ? cause.message : cause === void 0 ? void 0 : \`\${cause}\`;
    const message = \`\${doing}: \${why}\${told === void 0 ? "" : \`: \${told}\`}\`;
    this.#end(reason, { class: errorClass, message, cause: told });
  }
  #end(reason, error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#inFlight.clear();
    this.#queued.clear();
    this.#events.push({ kind: "closed", reason, error });
  }
};
var NO_TLS = " (if it talks TLS, give the option 'tls')";
var NOTHING2 = new Uint8Array(0);
function queuedResult() {
  const control2 = encodeControl({ how: "queued" });
  const body = new Uint8Array(4 + control2.length);
  writeU32(body, 0, control2.length);
  body.set(control2, 4);
  return body;
}

// src/progress.ts
var ProgressWatch = class {
  #watched = /* @__PURE__ */ new Map();
  #given = 0;
  /** Whether there are any. */
  get isEmpty() {
    return this.#watched.size === 0;
  }
  /** Watches those evals of a batch of EVAL frames. */
  add(ids, batch) {
    if (ids.length === 0) return;
    for (const { id, size } of evalFrames(batch)) {
      if (!ids.includes(id)) continue;
      this.#watched.set(id, {
        start: void 0,
        sent: 0,
        sentTotal: size,
        received: 0,
        receivedTotal: void 0
      });
    }
  }
  /** Whole frames were given to the mainstream. */
  given(frames) {
    if (!this.isEmpty && frames[2] === MessageType.EVAL) {
      for (const { id, at } of evalFrames(frames)) {
        const watched = this.#watched.get(id);
        if (watched !== void 0) watched.start = this.#given + at;
      }
    }
    this.#given += frames.length;
  }
  /**
   * Those that have come further since the last time.
   *
   * @param written Bytes of the mainstream that have been written, of all that were given.
   * @param part What has come of the frame that is being received.
   */
  moved(written, part) {
    const moved = [];
    for (const [id, watched] of this.#watched) {
      const { start, sentTotal } = watched;
      const sent = start === void 0 ? 0 : Math.min(sentTotal, Math.max(0, written - start));
      const isComing = part?.type === MessageType.RESULT && part.id === id;
      const received = isComing ? part.have : watched.received;
      if (sent === watched.sent && received === watched.received) continue;
      watched.sent = sent;
      watched.received = received;
      if (isComing) watched.receivedTotal = part.length;
      moved.push([id, plain(watched)]);
    }
    return moved;
  }
  /** An eval has its result, of so many bytes: all of it has been moved, and it is watched no more. */
  finish(id, length) {
    const watched = this.#watched.get(id);
    if (watched === void 0) return void 0;
    this.#watched.delete(id);
    const { start, sentTotal } = watched;
    const sent = start === void 0 ? 0 : sentTotal;
    return { sent, sentTotal, received: length, receivedTotal: length };
  }
};
function plain({ sent, sentTotal, received, receivedTotal }) {
  return { sent, sentTotal, received, receivedTotal };
}
function* evalFrames(batch) {
  for (let at = 0; at < batch.length; ) {
    const size = HEADER_BYTES + readU32(batch, at + 4);
    yield { id: readU32(batch, at + 8), at, size };
    at += size;
  }
}

// src/proofs.ts
async function proofsOf(token, { hello, challenge }) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(token);
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const proof = async (role) => {
    const message = proofMessage(role, hello, challenge);
    return new Uint8Array(await crypto.subtle.sign(algorithm.name, key, message)).toHex();
  };
  const [client, server, output] = await Promise.all([
    proof("client"),
    proof("server"),
    proof("output")
  ]);
  return { client, server, output };
}

// src/result_batch.ts
var KEPT_BYTES2 = 64 * 1024;
var ResultBatch = class {
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** Adds a result, whose body is copied. */
  add(id, status, body) {
    const { length } = body;
    const at = this.#length;
    const end = at + HEADER_BYTES + length;
    if (end > this.#bytes.length) this.#grow(end);
    writeHeader(this.#bytes, at, MessageType.RESULT, status, length, id);
    copyFew(body, this.#bytes, at + HEADER_BYTES);
    this.#length = end;
  }
  /** All that was added since the last call, in a buffer of its own; undefined if nothing was. */
  take() {
    if (this.#length === 0) return void 0;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES2) this.#bytes = new Uint8Array(KEPT_BYTES2);
    return taken;
  }
  #grow(needed) {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
};

// src/transport/bun.ts
var PAUSE_BYTES = 1024 * 1024;
var dial = async (address, tls, signal) => {
  signal.throwIfAborted();
  const { Bun } = globalThis;
  const transport = new BunTransport();
  const connect = async () => {
    await Bun.connect({
      ..."path" in address ? { unix: address.path } : address,
      socket: transport.handlers,
      ...tls === void 0 ? {} : {
        tls: {
          ...tls.caCerts.length === 0 ? {} : { ca: tls.caCerts },
          ...tls.serverName === void 0 ? {} : { serverName: tls.serverName },
          rejectUnauthorized: true
        }
      }
    });
    if (tls !== void 0) await transport.secured;
  };
  try {
    await unlessAborted(signal, connect(), () => transport.close());
    return transport;
  } catch (error) {
    transport.close();
    throw error;
  }
};
function handshakeError(error) {
  const why = error?.message ?? "no reason was given";
  if (!/^(EPROTO|ECONN)/.test(error?.code ?? "")) return new UntrustedError(why);
  const hint = why.includes("WRONG_VERSION_NUMBER") ? " (the server does not talk TLS)" : "";
  return new Error(\`the TLS handshake failed: \${why}\${hint}\`);
}
var BunTransport = class {
  #socket;
  written = 0;
  #chunks = [];
  #waiting = 0;
  #paused = false;
  #closed = false;
  #ended = false;
  #error;
  /** A read or a write that waits for the socket's next sign of life. */
  #onData;
  #onDrain;
  #handshake = Promise.withResolvers();
  handlers = {
    open: (socket) => {
      this.#socket = socket;
      socket.setNoDelay(true);
      if (this.#closed) socket.end();
    },
    handshake: (_socket, ok, error) => {
      if (ok) this.#handshake.resolve();
      else this.#handshake.reject(handshakeError(error));
    },
    data: (socket, bytes) => {
      this.#chunks.push(bytes.slice());
      this.#waiting += bytes.length;
      if (this.#waiting > PAUSE_BYTES && !this.#paused) {
        this.#paused = true;
        socket.pause();
      }
      this.#onData?.();
    },
    drain: () => this.#onDrain?.(),
    end: () => this.#over(void 0),
    close: (_socket, error) => this.#over(error),
    error: (_socket, error) => this.#over(error),
    // The promise of Bun.connect rejects with the same error.
    connectError: (_socket, error) => this.#over(error)
  };
  /** Resolves once the server's certificate and name are found right; rejects if they are not. */
  get secured() {
    return this.#handshake.promise;
  }
  constructor() {
    this.#handshake.promise.catch(() => void 0);
  }
  #over(error) {
    const why = error instanceof Error ? error.message : "the server closed the connection";
    this.#handshake.reject(new Error(\`the TLS handshake failed: \${why}\`, { cause: error }));
    this.#ended = true;
    this.#error ??= error;
    this.#onData?.();
    this.#onDrain?.();
  }
  async read(into) {
    while (this.#chunks.length === 0) {
      if (this.#error !== void 0) throw this.#error;
      if (this.#ended || this.#closed) return null;
      await new Promise((resolve) => this.#onData = resolve);
      this.#onData = void 0;
    }
    let at = 0;
    while (at < into.length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#waiting -= at;
    if (this.#paused && this.#waiting <= PAUSE_BYTES / 2) {
      this.#paused = false;
      this.#socket.resume();
    }
    return at;
  }
  async write(bytes) {
    let at = 0;
    while (true) {
      if (this.#closed || this.#ended) {
        throw this.#error ?? new Error("the connection is closed");
      }
      const count2 = this.#socket.write(bytes.subarray(at));
      if (count2 < 0) throw this.#error ?? new Error("the connection is closed");
      at += count2;
      this.written += count2;
      if (at >= bytes.length) return;
      await new Promise((resolve) => this.#onDrain = resolve);
      this.#onDrain = void 0;
    }
  }
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.end();
    this.#over(void 0);
  }
};

// src/transport/deno.ts
var dial2 = async (address, tls, signal) => {
  signal.throwIfAborted();
  if ("path" in address) {
    return new DenoTransport(await Deno.connect({ transport: "unix", path: address.path }));
  }
  const connection = await Deno.connect({ ...address, signal });
  try {
    connection.setNoDelay(true);
    if (tls === void 0) return new DenoTransport(connection);
    return new DenoTransport(await secure(connection, address.hostname, tls, signal));
  } catch (error) {
    close(connection);
    throw error;
  }
};
async function secure(connection, hostname, { caCerts, serverName }, signal) {
  const secured = await Deno.startTls(connection, { hostname: serverName ?? hostname, caCerts });
  try {
    await unlessAborted(signal, secured.handshake(), () => close(secured));
    return secured;
  } catch (error) {
    close(secured);
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    if (why.includes("certificate")) throw new UntrustedError(why, { cause: error });
    const hint = why.includes("InvalidContentType") ? " (the server does not talk TLS)" : "";
    throw new Error(\`the TLS handshake failed: \${why}\${hint}\`, { cause: error });
  }
}
function close(connection) {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
var DenoTransport = class {
  #connection;
  #closed = false;
  /** See {@linkcode Transport.written}. */
  written = 0;
  constructor(connection) {
    this.#connection = connection;
  }
  /** See {@linkcode Transport.read}. */
  read(into) {
    return this.#connection.read(into);
  }
  /** See {@linkcode Transport.write}. */
  async write(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const count2 = await this.#connection.write(bytes.subarray(at));
      at += count2;
      this.written += count2;
    }
  }
  /** See {@linkcode Transport.close}. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#connection);
  }
};

// src/transport/dial.ts
var dial3 = "Deno" in globalThis ? dial2 : dial;

// src/transport/outbox.ts
var MAX_COPIED_BYTES = 32 * 1024;
var GATHER_BYTES = 64 * 1024;
var FIRST_BYTES2 = 2 * 1024;
var Outbox = class {
  #transport;
  #onError;
  #queue = [];
  /** A buffer that was written, for the next small messages. */
  #spare;
  #waiting = 0;
  #writing = false;
  #broken = false;
  #idle;
  #below = [];
  /** Makes one; \`onError\` is called once, with the first error of a write. */
  constructor(transport, onError) {
    this.#transport = transport;
    this.#onError = onError;
  }
  /** Bytes given to \`send\` and not yet taken by the runtime. */
  get waiting() {
    return this.#waiting;
  }
  /**
   * Queues \`bytes\`. More than 32 KiB are not copied, so they must not change from now on. After an
   * error they are let go. \`done\` is called once they are written; if they are few, or it comes to
   * an error, it never is.
   */
  send(bytes, done) {
    const { length } = bytes;
    if (this.#broken || length === 0) return;
    if (length <= MAX_COPIED_BYTES) {
      const piece = this.#room(length);
      copyFew(bytes, piece.buffer, piece.length);
      piece.length += length;
    } else this.#queue.push({ buffer: bytes, length, isGathered: false, done });
    this.#waiting += length;
    this.flush();
  }
  /** Queues a frame. As \`send\`, of its body. */
  sendFrame(type, flags, id, body, done) {
    this.gatherFrame(type, flags, id, body, done);
    this.flush();
  }
  /** Queues a frame that leaves with the next one that is sent, or at \`flush()\`. */
  gatherFrame(type, flags, id, body, done) {
    if (this.#broken) return;
    const { length } = body;
    const isSmall = length <= MAX_COPIED_BYTES;
    const piece = this.#room(HEADER_BYTES + (isSmall ? length : 0));
    writeHeader(piece.buffer, piece.length, type, flags, length, id);
    piece.length += HEADER_BYTES;
    if (isSmall) {
      copyFew(body, piece.buffer, piece.length);
      piece.length += length;
    } else this.#queue.push({ buffer: body, length, isGathered: false, done });
    this.#waiting += HEADER_BYTES + length;
  }
  /** Writes what was gathered. */
  flush() {
    if (!this.#writing && this.#queue.length > 0) this.#pump();
  }
  /** Resolves once all that was sent is written, or never will be. */
  idle() {
    this.flush();
    if (!this.#writing) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }
  /** Resolves once at most \`bytes\` wait, or the stream is broken: a producer's back-pressure. */
  below(bytes) {
    if (this.#waiting <= bytes || this.#broken) return Promise.resolve();
    this.flush();
    const resolvers = Promise.withResolvers();
    this.#below.push({ bytes, resolvers });
    return resolvers.promise;
  }
  /** The piece that takes a small message of so many bytes. */
  #room(length) {
    const last = this.#queue.at(-1);
    if (last?.isGathered) {
      const needed = last.length + length;
      if (needed <= last.buffer.length) return last;
      if (needed <= GATHER_BYTES) {
        const larger = new Uint8Array(Math.min(GATHER_BYTES, Math.max(needed, 2 * last.length)));
        larger.set(last.buffer.subarray(0, last.length));
        last.buffer = larger;
        return last;
      }
    }
    let buffer = this.#spare;
    this.#spare = void 0;
    if (buffer === void 0 || buffer.length < length) {
      buffer = new Uint8Array(Math.max(length, FIRST_BYTES2));
    }
    const piece = { buffer, length: 0, isGathered: true, done: void 0 };
    this.#queue.push(piece);
    return piece;
  }
  async #pump() {
    this.#writing = true;
    await void 0;
    try {
      for (let piece = this.#queue.shift(); piece !== void 0; piece = this.#queue.shift()) {
        await this.#write(piece);
        if (piece.isGathered) this.#keep(piece.buffer);
        piece.done?.();
      }
    } catch (error) {
      this.#broken = true;
      this.#queue.length = 0;
      this.#spare = void 0;
      this.#waiting = 0;
      this.#onError(error);
    } finally {
      this.#writing = false;
      this.#wake();
      this.#idle?.resolve();
      this.#idle = void 0;
    }
  }
  async #write({ buffer, length }) {
    for (let at = 0; at < length; at += MAX_TRANSFER_BYTES) {
      const end = Math.min(length, at + MAX_TRANSFER_BYTES);
      const isAll = end - at === buffer.length;
      await this.#transport.write(isAll ? buffer : buffer.subarray(at, end));
      this.#waiting -= end - at;
      this.#wake();
    }
  }
  /** Keeps a buffer that is written; a large one only if more waits already. */
  #keep(buffer) {
    if (buffer.length <= FIRST_BYTES2 || this.#queue.length > 0) this.#spare = buffer;
  }
  #wake() {
    if (this.#below.length === 0) return;
    this.#below = this.#below.filter(({ bytes, resolvers }) => {
      if (this.#waiting > bytes && !this.#broken) return true;
      resolvers.resolve();
      return false;
    });
  }
};

// src/kept_output.ts
var CHUNK_COST_BYTES = 64;
var LEAST_BLOCK_BYTES = 4 * 1024;
var LARGEST_BLOCK_BYTES = 64 * 1024;
var SPARE_BLOCKS = 4;
var Blocks = class {
  size;
  #spare = [];
  /** Makes them for evals that keep at most so many bytes each. */
  constructor(perEval) {
    this.size = Math.min(LARGEST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, perEval >> 3));
  }
  /** A whole block. */
  take() {
    return this.#spare.pop() ?? new Uint8Array(this.size);
  }
  /** Takes back what nobody uses any more. */
  giveBack(buffer) {
    if (buffer.length === this.size && this.#spare.length < SPARE_BLOCKS) this.#spare.push(buffer);
  }
};
var KeptOutput = class {
  #blocks;
  #chunks = [];
  #cost = 0;
  /** Makes an empty one. */
  constructor(blocks) {
    this.#blocks = blocks;
  }
  /** The memory it takes. */
  get cost() {
    return this.#cost;
  }
  /** Whether nothing is kept. */
  get isEmpty() {
    return this.#chunks.length === 0;
  }
  /** Copies \`bytes\` to the end. */
  add(fd, bytes) {
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.#room(fd, bytes.length - at);
      const part = bytes.subarray(at, at + chunk.buffer.length - chunk.length);
      chunk.buffer.set(part, chunk.length);
      chunk.length += part.length;
      at += part.length;
    }
  }
  /** Lets go of the oldest chunk; says how many bytes it had. */
  dropOldest() {
    const { buffer, length } = this.#chunks.shift();
    this.#cost -= buffer.length + CHUNK_COST_BYTES;
    this.#blocks.giveBack(buffer);
    return length;
  }
  /** Everything, each piece with a buffer of its own. It stays here. */
  pieces() {
    return this.#chunks.map(({ fd, buffer, length }) => ({ fd, bytes: buffer.slice(0, length) }));
  }
  /** Lets go of everything. */
  clear() {
    while (!this.isEmpty) this.dropOldest();
  }
  /** The chunk that the next bytes go to, with room for at least one and \`wanted\` if that can be. */
  #room(fd, wanted) {
    const { size } = this.#blocks;
    const last = this.#chunks.at(-1);
    if (last?.fd === fd && last.length < size) {
      const needed = Math.min(size, last.length + wanted);
      if (needed > last.buffer.length) {
        const buffer2 = this.#buffer(Math.max(needed, Math.min(size, 2 * last.buffer.length)));
        buffer2.set(last.buffer.subarray(0, last.length));
        this.#cost += buffer2.length - last.buffer.length;
        last.buffer = buffer2;
      }
      return last;
    }
    const buffer = this.#buffer(Math.min(size, wanted));
    const chunk = { fd, buffer, length: 0 };
    this.#chunks.push(chunk);
    this.#cost += buffer.length + CHUNK_COST_BYTES;
    return chunk;
  }
  #buffer(bytes) {
    return bytes === this.#blocks.size ? this.#blocks.take() : new Uint8Array(bytes);
  }
};

// src/unread_output.ts
var DROP_REPORT_BYTES = 1024 * 1024;
var UnreadOutput = class {
  #perEval;
  #perSession;
  #blocks;
  #evals = /* @__PURE__ */ new Map();
  /** Those of them whose output has not ended. */
  #open = /* @__PURE__ */ new Set();
  #cost = 0;
  #hasEnded;
  /** Evals that never left, where \`hasEnded\` does not know it yet: no end of theirs will come. */
  #neverSent = /* @__PURE__ */ new Set();
  #allWatched = false;
  #logsWatched = false;
  #logs = [];
  #logBytes = 0;
  #logsDropped = 0;
  /** On its way to readers, waiting for credit. */
  #out = [];
  #outBytes = 0;
  #credit = OUTPUT_CREDIT_BYTES;
  #drops = [];
  /**
   * Makes one that keeps at most so many bytes unread. \`hasEnded\` says of an eval that is not known
   * here whether no output of it comes any more.
   */
  constructor(limits, hasEnded) {
    this.#hasEnded = hasEnded;
    this.#perEval = limits.perEval;
    this.#perSession = limits.perSession;
    this.#blocks = new Blocks(limits.perEval);
  }
  /** Whether readers are so far behind that no more output should be taken from the stream. */
  get full() {
    return this.#outBytes >= OUTPUT_WAITING_BYTES;
  }
  /** Takes a piece of output; \`bytes\` are copied. */
  output(id, fd, bytes) {
    if (bytes.length === 0) return;
    const entry = this.#entry(id);
    if (entry.watched || this.#allWatched) {
      const to = { eval: entry.watched, all: this.#allWatched };
      this.#push({ kind: "chunk", id, fd, bytes: bytes.slice(), to }, bytes.length);
    }
    if (!entry.watched) this.#keep(id, entry, fd, bytes);
  }
  /** Every eval up to \`id\` has no more output. */
  end(id) {
    for (const key of this.#open) if (key <= id) this.#end(key);
  }
  /** This eval has had no output and has none. */
  silent(id) {
    if (this.#open.has(id)) this.#end(id);
  }
  /** This eval never left the client: it has no output. */
  neverSent(id) {
    for (const never of this.#neverSent) {
      if (!this.#hasEnded(never)) break;
      this.#neverSent.delete(never);
    }
    if (this.#open.has(id)) this.#end(id);
    this.#neverSent.add(id);
  }
  /** Takes a record of the server's log, which came in \`size\` bytes. */
  log(record, size) {
    if (this.#logsWatched) this.#push({ kind: "log", record, size }, size);
    else {
      this.#logs.push({ record, size });
      this.#logBytes += size;
      while (this.#logs.length > UNREAD_LOG_RECORDS || this.#logBytes > UNREAD_LOG_BYTES) {
        this.#logBytes -= this.#logs.shift().size;
        this.#logsDropped++;
      }
    }
  }
  /** A reader came or went. A reader that comes gets what is there now. */
  watch(what, on) {
    if (what === "logs") this.#watchLogs(on);
    else if (what === "all") this.#watchAll(on);
    else this.#watchEval(what, on);
  }
  /** Readers have taken \`bytes\`. */
  giveCredit(bytes) {
    this.#credit += bytes;
  }
  /** Whether there is something of an eval. */
  has(id) {
    return this.#evals.has(id);
  }
  /** An eval has its result: its unread output lives for a while from now on. */
  settled(id, now) {
    const entry = this.#evals.get(id);
    if (entry !== void 0) entry.settledAt = now;
  }
  /** Frees unread output whose time has passed. */
  tick(now) {
    for (const [id, entry] of this.#evals) {
      if (entry.watched || !entry.ended) continue;
      entry.settledAt ??= now;
      if (now - entry.settledAt < UNREAD_OUTPUT_LIFE_MS) continue;
      while (!entry.kept.isEmpty) this.#dropOldest(entry);
      this.#report(id, entry);
      this.#evals.delete(id);
    }
  }
  /** What may go to the readers now, within their credit; all of it when the session ends. */
  take(everything = false) {
    let count2 = 0;
    while (count2 < this.#out.length && (everything || this.#credit > 0)) {
      const size = sizeOf(this.#out[count2++]);
      this.#credit -= size;
      this.#outBytes -= size;
    }
    return this.#out.splice(0, count2);
  }
  /** How much was dropped, by eval, where there is news since the last call. */
  takeDrops() {
    const drops = this.#drops;
    this.#drops = [];
    return drops;
  }
  #entry(id) {
    let entry = this.#evals.get(id);
    if (entry === void 0) {
      entry = {
        kept: new KeptOutput(this.#blocks),
        dropped: 0,
        reported: 0,
        watched: false,
        ended: false,
        settledAt: void 0
      };
      this.#evals.set(id, entry);
      this.#open.add(id);
    }
    return entry;
  }
  #end(id) {
    this.#open.delete(id);
    const entry = this.#evals.get(id);
    entry.ended = true;
    this.#report(id, entry);
    if (entry.watched || this.#allWatched) {
      const to = { eval: entry.watched, all: this.#allWatched };
      this.#push({ kind: "end", id, to }, 0);
    }
    if (entry.watched || entry.kept.isEmpty) this.#evals.delete(id);
  }
  #push(item, size) {
    this.#out.push(item);
    this.#outBytes += size;
  }
  #keep(id, entry, fd, bytes) {
    const { kept } = entry;
    const before = kept.cost;
    kept.add(fd, bytes);
    this.#cost += kept.cost - before;
    while (kept.cost > this.#perEval) this.#dropOldest(entry);
    while (this.#cost > this.#perSession) {
      const oldest = this.#oldestUnread();
      if (oldest === void 0) break;
      this.#dropOldest(oldest[1]);
      if (oldest[0] !== id) this.#reportIfMuch(...oldest);
    }
    this.#reportIfMuch(id, entry);
  }
  #oldestUnread() {
    for (const pair of this.#evals) if (!pair[1].kept.isEmpty) return pair;
    return void 0;
  }
  #dropOldest(entry) {
    const before = entry.kept.cost;
    entry.dropped += entry.kept.dropOldest();
    this.#cost += entry.kept.cost - before;
  }
  #reportIfMuch(id, entry) {
    if (entry.dropped - entry.reported >= DROP_REPORT_BYTES) this.#report(id, entry);
  }
  #report(id, entry) {
    if (entry.dropped === entry.reported) return;
    entry.reported = entry.dropped;
    this.#drops.push({ id, bytes: entry.dropped });
  }
  #watchEval(id, on) {
    if (!on) {
      const entry = this.#evals.get(id);
      if (entry !== void 0) entry.watched = false;
      return;
    }
    const known = this.#evals.get(id);
    const ended = known?.ended ?? (this.#hasEnded(id) || this.#neverSent.has(id));
    const to = { eval: true, all: false };
    if (known !== void 0) {
      this.#report(id, known);
      for (const { fd, bytes } of known.kept.pieces()) {
        this.#push({ kind: "chunk", id, fd, bytes, to }, bytes.length);
      }
      this.#cost -= known.kept.cost;
      known.kept.clear();
    }
    if (ended) {
      this.#push({ kind: "end", id, to }, 0);
      this.#evals.delete(id);
    } else this.#entry(id).watched = true;
  }
  #watchAll(on) {
    this.#allWatched = on;
    if (!on) return;
    const to = { eval: false, all: true };
    for (const [id, entry] of this.#evals) {
      for (const { fd, bytes } of entry.kept.pieces()) {
        this.#push({ kind: "chunk", id, fd, bytes, to }, bytes.length);
      }
      if (entry.ended) this.#push({ kind: "end", id, to }, 0);
    }
  }
  #watchLogs(on) {
    this.#logsWatched = on;
    if (!on) return;
    if (this.#logsDropped > 0) {
      const { ts, session_id } = this.#logs[0].record;
      const msg = \`\${this.#logsDropped} older records were dropped because nobody read them\`;
      this.#push({ kind: "log", record: { level: "warn", ts, msg, session_id }, size: 64 }, 64);
      this.#logsDropped = 0;
    }
    for (const { record, size } of this.#logs) this.#push({ kind: "log", record, size }, size);
    this.#logs = [];
    this.#logBytes = 0;
  }
};
function sizeOf(item) {
  return item.kind === "chunk" ? item.bytes.length : item.kind === "log" ? item.size : 0;
}

// src/version.ts
var VERSION = "0.1.0";

// src/engine.ts
var TICK_MS = 1e3;
var LARGE_RESULT_BYTES = 32 * 1024;
var Engine = class {
  #post;
  #dial;
  #options;
  #connection;
  #output;
  #results = new ResultBatch();
  #streams = {};
  #dialling = new AbortController();
  /** The outputstream is to be opened as soon as the server's hello says where. */
  #connectsNext = false;
  /** Timers of evals with a \`timeout\`. */
  #timeouts = /* @__PURE__ */ new Map();
  /** A large batch of EVALs that is just being given to the connection. */
  #batch;
  #reportedId = 0;
  #unreportedBytes = 0;
  #progress = new ProgressWatch();
  #progressTimer;
  /** Since when the outputstream has not been read because its readers are behind. */
  #pausedAt;
  /** What calls the next tick off, and the end of waiting for a goodbye. */
  #stopTicks;
  #stopClosing;
  /** Set while the outputstream is not read because its readers are behind. */
  #resume;
  /** Starts the session: dials the mainstream with \`dialStream\` and says hello. */
  constructor(options, post2, dialStream = dial3) {
    this.#post = post2;
    this.#dial = dialStream;
    this.#options = options;
    this.#connection = new Connection(formatAddress(options.address), {
      client: \`pyproxy-js/\${VERSION}\`,
      name: options.name,
      nonce: options.token === void 0 ? void 0 : newNonce(),
      tls: options.tls !== void 0
    });
    this.#output = new UnreadOutput({
      perEval: options.unreadOutputPerEval,
      perSession: options.unreadOutputPerSession
    }, (id) => this.#connection.hasEnded(id));
    this.#run("main", options.address);
  }
  /** Takes a message of the main thread. */
  message(message) {
    switch (message.kind) {
      case "connect":
        if (this.#connection.server === void 0) this.#connectsNext = true;
        else this.#connect();
        break;
      case "evals":
        for (const [id, ms] of message.timeouts) {
          this.#timeouts.set(id, setTimeout(() => this.#expired(id), ms));
        }
        this.#progress.add(message.watched, message.bytes);
        if (message.bytes.length > MIN_USED_BUFFER_BYTES) this.#batch = message.bytes;
        this.#connection.evals(message.bytes);
        break;
      case "cancel":
        this.#connection.cancel(message.id, "cancel");
        break;
      case "interrupt":
        this.#connection.interrupt();
        break;
      case "status":
        this.#connection.status(message.id);
        break;
      case "never_sent":
        this.#output.neverSent(message.id);
        break;
      case "watch":
        this.#output.watch(message.what, message.on);
        break;
      case "credit":
        this.#output.giveCredit(message.bytes);
        break;
      case "close":
        this.#close(message.drain);
        break;
      case "ping":
        this.#post({ kind: "pong" });
        break;
      default:
        message;
        throw new TypeError(\`there is no message of kind '\${message.kind}'\`);
    }
    this.#work();
    this.#batch = void 0;
  }
  #connect() {
    try {
      const { output_addr } = this.#connection.server;
      this.#run("output", outputAddress(output_addr, this.#options.address));
    } catch (error) {
      this.#connection.notDialled("output", error);
    }
  }
  async #prove(transcript) {
    this.#connection.proofs(await proofsOf(this.#options.token, transcript));
    this.#work();
  }
  /** Dials a stream and reads it to its end. */
  async #run(name, address) {
    try {
      let transport;
      try {
        transport = await this.#dial(address, this.#options.tls, this.#dialling.signal);
      } catch (error) {
        this.#connection.notDialled(name, error);
        return;
      }
      if (this.#connection.ended) return transport.close();
      const outbox = new Outbox(transport, (error) => {
        this.#connection.lost(name, error);
        this.#work();
      });
      this.#streams[name] = { transport, outbox };
      this.#connection.dialled(name, performance.now());
      this.#work();
      await this.#read(name, transport);
    } finally {
      this.#work();
    }
  }
  async #read(name, transport) {
    while (!this.#connection.ended) {
      let count2;
      try {
        count2 = await transport.read(this.#connection.space(name));
      } catch (error) {
        return this.#connection.lost(name, error);
      }
      if (count2 === null) return this.#connection.lost(name);
      this.#connection.received(name, count2, performance.now());
      this.#work();
      if (name === "output" && this.#output.full && !this.#connection.ended) {
        this.#connection.paused("output");
        this.#pausedAt = performance.now();
        await new Promise((resolve) => this.#resume = resolve);
        this.#pausedAt = void 0;
        this.#connection.resumed("output", performance.now());
      }
    }
  }
  /** Carries out what the connection wants, and tells the main thread what is new. */
  #work() {
    let isOpened = false;
    for (const event of this.#connection.takeEvents()) {
      switch (event.kind) {
        case "send":
          if (event.stream === "main") this.#progress.given(event.bytes);
          this.#streams[event.stream]?.outbox.send(event.bytes, this.#doneWith(event.bytes));
          break;
        case "result":
          this.#settled(event.id, event.body.length);
          if (event.isSilent) this.#output.silent(event.id);
          if (event.body.length <= LARGE_RESULT_BYTES) {
            this.#results.add(event.id, event.status, event.body);
          } else {
            const body = event.owned ? event.body : event.body.slice();
            const { id, status } = event;
            this.#post({ kind: "result", id, status, body }, [body.buffer]);
          }
          break;
        case "output":
          this.#output.output(event.id, event.fd, event.bytes);
          break;
        case "output_end":
          this.#output.end(event.id);
          break;
        case "never_sent":
          this.#output.neverSent(event.id);
          break;
        case "log":
          if (event.record.event !== void 0) {
            this.#post({ kind: "log_event", record: event.record });
          }
          this.#output.log(event.record, event.bytes);
          break;
        case "challenged":
          this.#prove(event.transcript);
          break;
        case "opened":
          this.#post(event);
          isOpened = true;
          break;
        case "connected":
        case "interrupted":
        case "running":
        case "status":
          this.#post(event);
          break;
        case "sent":
          this.#sent(event);
          break;
        case "closed":
          this.#postResults();
          this.#end(event);
          return;
        default:
          event;
      }
    }
    this.#postResults();
    this.#postOutput();
    if (this.#progressTimer !== void 0 || !this.#progress.isEmpty) this.#watchProgress();
    if (!this.#output.full) {
      this.#resume?.();
      this.#resume = void 0;
    }
    if (isOpened) this.#opened();
  }
  #opened() {
    if (this.#connectsNext) this.message({ kind: "connect" });
    if (!this.#connection.ended) this.#tickLater();
  }
  #postResults() {
    const bytes = this.#results.take();
    if (bytes !== void 0) this.#post({ kind: "results", bytes }, [bytes.buffer]);
  }
  #postOutput(everything = false) {
    for (const { id, bytes } of this.#output.takeDrops()) {
      this.#post({ kind: "dropped", id, bytes });
    }
    const items = this.#output.take(everything);
    if (items.length > 0) this.#post({ kind: "output", items });
  }
  #settled(id, length) {
    if (this.#output.has(id)) this.#output.settled(id, performance.now());
    const progress = this.#progress.finish(id, length);
    if (progress !== void 0) this.#post({ kind: "progress", id, progress });
    if (this.#timeouts.size === 0) return;
    clearTimeout(this.#timeouts.get(id));
    this.#timeouts.delete(id);
  }
  /** A result tells the main thread as well that its eval was sent: a lone eval needs no more. */
  #sent({ id, bytes }) {
    this.#unreportedBytes += bytes;
    const { sentReportEvals, sentReportBytes } = this.#options;
    if (id - this.#reportedId < sentReportEvals && this.#unreportedBytes < sentReportBytes) return;
    this.#reportedId = id;
    this.#unreportedBytes = 0;
    this.#post({ kind: "sent", id });
  }
  /** A large batch goes back to where the next may need its buffer, if all of it leaves at once. */
  #doneWith(bytes) {
    const batch = this.#batch;
    if (bytes !== batch) return void 0;
    return () => this.#post({ kind: "used", buffer: batch.buffer }, [batch.buffer]);
  }
  #expired(id) {
    this.#timeouts.delete(id);
    this.#post({ kind: "expired", id });
    this.#connection.cancel(id, "timeout");
    this.#work();
  }
  #postProgress() {
    const written = this.#streams.main?.transport.written ?? 0;
    for (const [id, progress] of this.#progress.moved(written, this.#connection.part)) {
      this.#post({ kind: "progress", id, progress });
    }
  }
  /** Runs its timer while there is something to watch. */
  #watchProgress() {
    if (this.#progress.isEmpty || this.#connection.ended) {
      clearInterval(this.#progressTimer);
      this.#progressTimer = void 0;
    } else this.#progressTimer ??= setInterval(() => this.#postProgress(), PROGRESS_INTERVAL_MS);
  }
  #tickLater() {
    this.#stopTicks = alarm(TICK_MS, () => this.#tick());
  }
  #tick() {
    this.#tickLater();
    if (this.#pausedAt !== void 0) {
      const seconds = Math.round((performance.now() - this.#pausedAt) / 1e3);
      if (seconds > 0) this.#post({ kind: "reader_slow", seconds });
    }
    this.#connection.tick(performance.now());
    this.#output.tick(performance.now());
    this.#work();
  }
  #close(drain) {
    this.#connection.close(drain);
    if (!drain && this.#stopClosing === void 0) {
      this.#stopClosing = alarm(CLOSE_DEADLINE_MS, () => {
        this.#connection.lost("main");
        this.#work();
      });
    }
  }
  /** The session is over: what readers wait for goes out, then everything is let go. */
  async #end(event) {
    this.#postOutput(true);
    this.#stopTicks?.();
    this.#stopClosing?.();
    if (this.#progressTimer !== void 0) clearInterval(this.#progressTimer);
    for (const timer of this.#timeouts.values()) clearTimeout(timer);
    this.#timeouts.clear();
    this.#dialling.abort();
    this.#resume?.();
    const streams = Object.values(this.#streams);
    const written = Promise.all(streams.map(({ outbox }) => outbox.idle()));
    const deadline = Promise.withResolvers();
    const stopWaiting = alarm(CLOSE_DEADLINE_MS, deadline.resolve);
    await Promise.race([written, deadline.promise]);
    stopWaiting();
    for (const { transport } of streams) transport.close();
    this.#post(event);
  }
};

// src/session_worker.ts
var scope = self;
var engine;
scope.onmessage = ({ data }) => {
  try {
    if (data.kind === "open") engine = new Engine(data, post);
    else engine.message(data);
  } catch (error) {
    fatal(error);
  }
};
scope.onmessageerror = () => fatal(new Error("a message could not be read"));
scope.addEventListener("error", (event) => {
  event.preventDefault();
  fatal(event.error);
});
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fatal(event.reason);
});
function post(message, transfer) {
  if (transfer === void 0) scope.postMessage(message);
  else scope.postMessage(message, transfer);
}
function fatal(error) {
  const message = error instanceof Error ? \`\${error.name}: \${error.message}\` : String(error);
  post({ kind: "fatal", message, stack: error instanceof Error ? error.stack ?? "" : "" });
}
`;
