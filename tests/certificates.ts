/**
 * Certificates for tests, made by the `openssl` program. Deno only.
 *
 * @module
 */

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** An authority that nobody trusts who is not told to. */
export interface Authority extends AsyncDisposable {
  /** Its certificate, in PEM. */
  cert: string;
  /** A certificate for a host name or IP address, valid for so many days from now. */
  issue(host: string, days?: number): Promise<Identity>;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an authority. */
export async function makeAuthority(): Promise<Authority> {
  const dir = await Deno.makeTempDir();
  const openssl = async (...args: string[]): Promise<void> => {
    const { success, stderr } = await new Deno.Command("openssl", { args, cwd: dir }).output();
    if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  };
  const read = (name: string): Promise<string> => Deno.readTextFile(`${dir}/${name}`);
  let count = 0;
  const own = ["-subj", "/CN=tests", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"];
  await openssl("req", "-x509", ...KEY, ...own);
  return {
    cert: await read("ca.pem"),
    async issue(host, days = 2) {
      const name = `${++count}`;
      const kind = /^[\d.]+$|:/.test(host) ? "IP" : "DNS";
      await Deno.writeTextFile(`${dir}/${name}.ext`, `subjectAltName=${kind}:${host}\n`);
      const asked = ["-subj", `/CN=${host}`, "-keyout", `${name}.key`, "-out", `${name}.csr`];
      await openssl("req", ...KEY, ...asked);
      const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", `${days}`];
      const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`];
      await openssl("x509", "-req", ...files, ...by);
      return { cert: await read(`${name}.pem`), key: await read(`${name}.key`) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
