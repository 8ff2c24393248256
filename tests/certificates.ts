/**
 * Certificates for tests: X.509 in DER (RFC 5280), signed with P-256 by WebCrypto, so that no other
 * program is needed.
 *
 * @module
 */

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** An authority that nobody trusts who is not told to. */
export interface Authority {
  /** Its certificate, in PEM. */
  cert: string;
  /** A certificate for a host name or IP address, valid for so many days from now. */
  issue(host: string, days?: number): Promise<Identity>;
}

type Bytes = Uint8Array<ArrayBuffer>;

const DAY_MS = 86_400_000;
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const COMMON_NAME = "550403";
const ECDSA_WITH_SHA256 = "2a8648ce3d040302";
const SUBJECT_ALT_NAME = "551d11";
const BASIC_CONSTRAINTS = "551d13";

/** Makes an authority. */
export async function makeAuthority(): Promise<Authority> {
  const own = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const name = "tests";
  const isAuthority = extension(BASIC_CONSTRAINTS, sequence(der(0x01, new Uint8Array([0xff]))));
  const sign = (subject: string, key: CryptoKey, days: number, more: Bytes): Promise<string> =>
    certificate({ issuer: name, subject, key, days, more, signer: own.privateKey });
  return {
    cert: await sign(name, own.publicKey, 2, isAuthority),
    async issue(host, days = 2) {
      const pair = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
      const more = extension(SUBJECT_ALT_NAME, sequence(alternativeName(host)));
      const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
      return { cert: await sign(host, pair.publicKey, days, more), key: pem("PRIVATE KEY", key) };
    },
  };
}

/** A certificate of version 3, in PEM. It is valid from a day before its end or before now. */
async function certificate(its: {
  issuer: string;
  subject: string;
  key: CryptoKey;
  days: number;
  more: Bytes;
  signer: CryptoKey;
}): Promise<string> {
  const end = Date.now() + its.days * DAY_MS;
  const algorithm = sequence(identifier(ECDSA_WITH_SHA256));
  const content = sequence(
    der(0xa0, integer(new Uint8Array([2]))),
    integer(crypto.getRandomValues(new Uint8Array(8))),
    algorithm,
    distinguishedName(its.issuer),
    sequence(time(Math.min(end, Date.now()) - DAY_MS), time(end)),
    distinguishedName(its.subject),
    new Uint8Array(await crypto.subtle.exportKey("spki", its.key)),
    der(0xa3, sequence(its.more)),
  );
  const hash = { name: "ECDSA", hash: "SHA-256" };
  const signature = new Uint8Array(await crypto.subtle.sign(hash, its.signer, content));
  const pair = sequence(integer(signature.slice(0, 32)), integer(signature.slice(32)));
  return pem("CERTIFICATE", sequence(content, algorithm, bitString(pair)));
}

/** One value: its tag, its length, its content. */
function der(tag: number, ...content: Bytes[]): Bytes {
  const body = content.flatMap((part) => [...part]);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return new Uint8Array([tag, ...length, ...body]);
}

function sequence(...content: Bytes[]): Bytes {
  return der(0x30, ...content);
}

/** An unsigned integer from its bytes, as few as hold it. */
function integer(bytes: Bytes): Bytes {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? [0] : [...bytes.slice(first)];
  return der(0x02, new Uint8Array(digits[0]! >= 0x80 ? [0, ...digits] : digits));
}

function bitString(bytes: Bytes): Bytes {
  return der(0x03, new Uint8Array([0, ...bytes]));
}

function identifier(hex: string): Bytes {
  return der(0x06, Uint8Array.fromHex(hex));
}

function text(value: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(value));
}

function distinguishedName(common: string): Bytes {
  return sequence(der(0x31, sequence(identifier(COMMON_NAME), der(0x0c, text(common)))));
}

/** UTCTime, to the second. */
function time(ms: number): Bytes {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, text(`${digits}Z`));
}

function extension(id: string, value: Bytes): Bytes {
  return sequence(identifier(id), der(0x04, value));
}

/** What a client compares with the name that it has dialled: of a host, or of an IP address. */
function alternativeName(host: string): Bytes {
  if (host === "::1") return der(0x87, new Uint8Array([...new Uint8Array(15), 1]));
  if (/^[\d.]+$/.test(host)) return der(0x87, new Uint8Array(host.split(".").map(Number)));
  return der(0x82, text(host));
}

function pem(kind: string, bytes: Bytes): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!;
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}
