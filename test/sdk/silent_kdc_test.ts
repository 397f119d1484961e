/**
 * A KDC that takes every message and answers none: the login ends in time, and everything else goes on meanwhile.
 *
 * @module
 */
import { expect } from "bun:test";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { join } from "node:path";
import { realm, startKdc } from "../support/kdc.ts";
import { slow } from "../support/slow.ts";
import { workspace } from "../support/workspace.ts";

const login = {
  what: "Cannot log in to ldap://localhost",
  target: "ldap/localhost",
  mechanism: "kerberos",
  seal: true,
} as const;

/** Listens over TCP and UDP on one port, and says nothing. */
async function listenInSilence(): Promise<{ port: number; [Symbol.dispose](): void }> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(port, "127.0.0.1", resolve));
  return {
    port,
    [Symbol.dispose]() {
      server.close();
      socket.close();
    },
  };
}

/** Waits for a KDC in a process whose environment says where it is. */
async function asked(config: string, about: object, tickets: object, milliseconds = 20_000) {
  const child = Bun.spawn([
    ...[process.execPath, join(import.meta.dir, "kdc_asking_process.ts")],
    ...[JSON.stringify(about), JSON.stringify(tickets), String(milliseconds)],
  ], { env: { ...process.env, KRB5_CONFIG: config }, stdout: "pipe" });
  return JSON.parse(await new Response(child.stdout).text()) as Record<string, unknown>;
}

slow("a silent KDC ends the login in time, with its realm and what to do", async () => {
  await using kdc = await startKdc();
  const keytab = kdc.addPrincipal("agent");
  kdc.addPrincipal("ldap/localhost");
  const tickets = { keytab, ccache: "", principal: `agent@${realm}` };
  // One that answers is no hindrance; and what it refuses is told as the login tells it.
  const good = kdc.env["KRB5_CONFIG"] ?? "";
  expect(await asked(good, login, tickets)).toMatchObject({ message: "" });
  const unknown = await asked(good, { ...login, target: "ldap/nowhere.test" }, tickets);
  expect(unknown).toMatchObject({ name: "AuthError" });
  expect(unknown["message"]).toMatch(/^Cannot log in to ldap:\/\/localhost: Server .* not found/);
  using silent = await listenInSilence();
  using space = workspace();
  const config = space.write(
    "krb5.conf",
    `[libdefaults]
default_realm = ${realm}
dns_lookup_kdc = false
rdns = false
dns_canonicalize_hostname = false
[realms]
${realm} = {
  kdc = 127.0.0.1:${silent.port}
}
[domain_realm]
localhost = ${realm}
`,
  );
  const other = { ...login, mechanism: "negotiate" };
  const thrown = await asked(config, other, tickets, 3000);
  expect(thrown).toMatchObject({
    name: "AuthError",
    message:
      `Cannot log in to ldap://localhost: No KDC for realm '${realm}' has answered within 3 s`,
    hint: expect.stringContaining("port 88"),
  });
  // Nothing stood still.
  expect(thrown["ticks"]).toBeGreaterThan(10);
}, 60_000);
