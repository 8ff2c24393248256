/**
 * What do TLS, a token and a unix socket cost? The same evals over each, beside plain TCP.
 *
 *     deno bench --allow-all bench/tls_bench.ts
 *
 * @module
 */
import { startServer } from "../fake_server/mod.ts";
import { connect } from "../mod.ts";
import { makeAuthority } from "../tests/certificates.ts";

const token = "0123456789abcdefghijklmnop";
const dir = await Deno.makeTempDir();
const authority = await makeAuthority();
const tls = await authority.issue("127.0.0.1");
const tcp = { bindAddr: "127.0.0.1:0", outputAddr: "127.0.0.1:0", numWorkers: 1 };
const WAYS = {
  "TCP": [await startServer(tcp), {}],
  "TCP with a token": [await startServer({ ...tcp, token }), { token }],
  "unix socket": [await startServer({ bindAddr: `unix:${dir}/socket`, numWorkers: 1 }), {}],
  "TLS": [await startServer({ ...tcp, tls }), { tls: { caCerts: [authority.cert] } }],
} as const;

const bytes = new Uint8Array(1024 * 1024);
for (const [way, [server, options]] of Object.entries(WAYS)) {
  const remote = await connect(server.addr, options);
  const baseline = way === "TCP";
  Deno.bench(`1 + 1 over ${way}`, { group: "eval", baseline }, async () => {
    await remote.eval("1 + 1");
  });
  Deno.bench(`1 MiB there over ${way}`, { group: "1 MiB", baseline }, async () => {
    await remote.eval("len(bytes)", { locs: { bytes } });
  });
  Deno.bench(`connect over ${way}`, { group: "connect", baseline }, async () => {
    const other = await connect(server.addr, options);
    await other.close();
  });
}
globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
