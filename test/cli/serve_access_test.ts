/**
 * Who may post to `agent serve`: passwords, secrets, networks, proxies, certificates.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { connect } from "node:tls";
import { eventBody } from "../sources/casper/events.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import type { Workspace } from "../support/workspace.ts";
import { openServeWorkspace } from "./serve_workspace.ts";

const body = eventBody("ComputerAdded", 1);
const canary = "Canary-s3cret-of-the-listener";

function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

test("with basic, only name and password are let in, the old password too", async () => {
  const serve =
    `auth = basic\nusername = jamf\npassword = ${canary}\npassword_old = old-${canary}\n`;
  await using space = await openServeWorkspace({ serve });
  await using agent = await listen(space);
  const status = async (headers: Record<string, string>) =>
    (await agent.post("/casper", body, { headers })).status;
  expect(await status(basic("jamf", canary))).toBe(204);
  expect(await status(basic("jamf", `old-${canary}`))).toBe(204);
  for (
    const headers of [
      {},
      basic("jamf", ""),
      basic("jamf", `${canary}x`),
      basic("", canary),
      basic("Jamf", canary),
      { Authorization: `Bearer ${canary}` },
      { Authorization: "Basic ====" },
      { Authorization: "Basic" },
    ]
  ) expect(await status(headers)).toBe(401);
  const refused = await agent.post("/casper", body);
  expect(refused.headers.get("www-authenticate")).toStartWith("Basic realm=");
  // Who does not get in does not learn which sections there are, either.
  expect((await agent.post("/nope", body)).status).toBe(401);
  expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).not.toContain(canary);
  expect(space.fetched()).toHaveLength(1);
}, 60_000);

test("with header, only the secret is let in, the old one too", async () => {
  const serve = `auth = header\nheader = X-Hook\nsecret = ${canary}\nsecret_old = old-${canary}\n`;
  await using space = await openServeWorkspace({ serve });
  await using agent = await listen(space);
  const status = async (headers: Record<string, string>) =>
    (await agent.post("/casper", body, { headers })).status;
  expect(await status({ "X-Hook": canary })).toBe(204);
  expect(await status({ "x-hook": `old-${canary}` })).toBe(204);
  for (const headers of [{}, { "X-Hook": "" }, { "X-Hook": `${canary} x` }, { "X-Hok": canary }]) {
    expect(await status(headers as Record<string, string>)).toBe(401);
  }
}, 60_000);

test("secrets of [serve] may be references, and uploads do not need them", async () => {
  await using space = await openServeWorkspace({ serve: "auth = header\nsecret = ${env:HOOK}\n" });
  await using agent = await listen(space, [], { env: { HOOK: canary } });
  const headers = { "X-Webhook-Secret": canary };
  expect((await agent.post("/casper", body, { headers })).status).toBe(204);
  expect((await agent.post("/casper", body)).status).toBe(401);
  expect((await space.agent(["upload", "casper", "--record-count", "1"])).code).toBe(0);
}, 60_000);

test("allow keeps others out, and sees through trusted proxies only", async () => {
  const serve = "allow = 192.0.2.0/24 2001:db8::/32\ntrusted_proxies = 127.0.0.1, 10.0.0.0/8\n";
  await using space = await openServeWorkspace({ serve });
  await using agent = await listen(space);
  const status = async (forwarded?: string) =>
    (await agent.post("/casper", body, {
      headers: forwarded === undefined ? {} : { "X-Forwarded-For": forwarded },
    })).status;
  expect(await status("192.0.2.7")).toBe(204);
  expect(await status("2001:DB8::5")).toBe(204);
  expect(await status("::ffff:192.0.2.7")).toBe(204);
  expect(await status("192.0.2.7, 10.1.2.3")).toBe(204);
  expect(await status("192.0.2.7:5123")).toBe(204);
  // What is left of a proxy that nobody trusts may be made up.
  expect(await status("192.0.2.7, 198.51.100.9")).toBe(403);
  expect(await status("198.51.100.9")).toBe(403);
  expect(await status("rubbish")).toBe(403);
  expect(await status()).toBe(403);
  expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  await agent.until("the log", () => agent.log().includes('"address":"192.0.2.7"'));
}, 60_000);

test("without a trusted proxy, X-Forwarded-For means nothing", async () => {
  await using space = await openServeWorkspace({ serve: "allow = 192.0.2.0/24\n" });
  await using agent = await listen(space);
  const headers = { "X-Forwarded-For": "192.0.2.7" };
  expect((await agent.post("/casper", body, { headers })).status).toBe(403);
}, 60_000);

slow("listening on more than loopback needs auth, or none in so many words", async () => {
  for (
    const [serve, host, code, text] of [
      ["", "0.0.0.0", 1, "callers would not have to authenticate"],
      ["", "::", 1, "callers would not have to authenticate"],
      ["auth = basic\n", "127.0.0.1", 1, "= basic requires username and password"],
      ["auth = header\n", "127.0.0.1", 1, "= header requires secret"],
      [`secret = ${canary}\n`, "127.0.0.1", 1, "auth: is missing"],
      ["allow = 300.1.1.1, 10.0.0.0/33\n", "127.0.0.1", 1, "300.1.1.1 10.0.0.0/33"],
      ["cert = cert.pem\n", "127.0.0.1", 1, "cert: is set without the other"],
      ["cert = nosuch\nkey = nosuch\n", "127.0.0.1", 1, "Cannot read cert of [serve]"],
      ["colour = red\nauth = nobody\n", "127.0.0.1", 1, "not one of: none, basic, header"],
    ] as const
  ) {
    await using space = await openServeWorkspace({ serve });
    const run = await space.agent(["serve", "--host", host, "--port", "0"]);
    expect({ code: run.code, text: run.stderr.includes(text), stderr: run.stderr })
      .toMatchObject({ code, text: true });
    expect(run.stderr).not.toContain(canary);
    const upload = await space.agent(["upload", "casper", "--record-count", "1"]);
    expect(upload.code).toBe(0);
  }
  await using space = await openServeWorkspace({ serve: "auth = none\n" });
  await using agent = await listen(space, ["--host", "0.0.0.0"]);
  expect((await agent.post("/casper", body)).status).toBe(204);
}, 120_000);

/** Sends a request as it stands, with a Host of its own; gives the status. */
async function statusWith(url: string, headers: Record<string, string>, path = "/casper") {
  const isPost = path === "/casper";
  const method = isPost ? "POST" : "GET";
  return (await fetch(url + path, { method, body: isPost ? body : null, headers })).status;
}

test("without credentials, no web page makes a browser post or read the metrics", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  const { host, port } = new URL(agent.url);
  const pages: readonly Record<string, string>[] = [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: `http://${host}` },
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
    { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate" },
  ];
  for (const headers of pages) expect(await statusWith(agent.url, headers)).toBe(403);
  const image = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" };
  expect(await statusWith(agent.url, image, "/metrics")).toBe(403);
  const visit = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  expect(await statusWith(agent.url, visit, "/metrics")).toBe(200);
  // A name that somebody has pointed to this machine.
  for (
    const name of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "a b", ""]
  ) {
    for (const path of ["/casper", "/metrics"]) {
      expect({ name, path, status: await statusWith(agent.url, { Host: name }, path) })
        .toEqual({ name, path, status: 421 });
    }
  }
  expect(space.fetched()).toEqual([]);
  for (
    const name of ["localhost", `LOCALHOST:${port}`, "[::1]:80", "192.0.2.7", "agent.localhost."]
  ) {
    expect({ name, status: await statusWith(agent.url, { Host: name }) })
      .toEqual({ name, status: 204 });
  }
  await agent.until(
    "a warning",
    () => agent.log().includes("evil.example is not in hosts of [serve]"),
  );
}, 60_000);

test("hosts names what the agent is called, with credentials and without", async () => {
  await using space = await openServeWorkspace({
    serve: "hosts = Hooks.example.com, other.example\n",
  });
  await using agent = await listen(space);
  expect(await statusWith(agent.url, { Host: "hooks.EXAMPLE.com:8443" })).toBe(204);
  expect(await statusWith(agent.url, { Host: "example.com" })).toBe(421);
  const serve = `auth = header\nsecret = ${canary}\n`;
  await using withSecret = await openServeWorkspace({ serve });
  await using second = await listen(withSecret);
  const headers = { Host: "any.example", "X-Webhook-Secret": canary };
  expect(await statusWith(second.url, headers)).toBe(204);
  await using strict = await openServeWorkspace({ serve: `${serve}hosts = hooks.example.com\n` });
  await using third = await listen(strict);
  expect(await statusWith(third.url, headers)).toBe(421);
}, 60_000);

test("what it listens on is said, also where that is every address", async () => {
  await using space = await openServeWorkspace({ serve: "auth = none\n" });
  for (
    const [host, text] of [["0.0.0.0", "every IPv4 address"], [
      "127.0.0.1",
      "http://127.0.0.1:",
    ]] as const
  ) {
    await using agent = await listen(space, ["--host", host]);
    expect(JSON.parse(agent.ready)).toMatchObject({ host, port: Number(new URL(agent.url).port) });
    await agent.until(text, () => agent.log().includes(`Listening on ${text}`));
    expect(await agent.stop()).toBe(0);
  }
}, 60_000);

function makeCertificate(space: Workspace, name: string): void {
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  const run = Bun.spawnSync(["openssl", ...words, ...files, ...subject], { cwd: space.folder });
  if (run.exitCode !== 0) throw new Error(run.stderr.toString());
}

/** The name in the certificate that a server shows. */
function nameShown(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

slow(
  "HTTPS takes up a new certificate while it runs, and answers every call meanwhile",
  async () => {
    await using space = await openServeWorkspace({
      // However many calls this machine makes in a second.
      serve: "cert = cert.pem\nkey = key.pem\ncalls_per_second = 0\n",
    });
    makeCertificate(space, "first.example.com");
    await using agent = await listen(space);
    expect(agent.url).toStartWith("https://");
    expect(await nameShown(agent.url)).toBe("first.example.com");
    const statuses = new Set<number>();
    let cut = 0;
    let isOver = false;
    /** Calls until there is an answer: a connection that is being made may be cut off, as the manual says. */
    async function call(): Promise<number> {
      for (;;) {
        const tls = { rejectUnauthorized: false };
        const answer = await agent.post("/casper", body, { tls }).catch(() => undefined);
        if (answer !== undefined) return answer.status;
        cut++;
      }
    }
    const calls = (async () => {
      while (!isOver) statuses.add(await call());
    })();
    // A pair that does not fit together is not used.
    const key = space.read("key.pem");
    makeCertificate(space, "second.example.com");
    space.write("key.pem", key);
    await agent.until("an error", () => agent.log().includes("is not used"));
    expect(await nameShown(agent.url)).toBe("first.example.com");
    makeCertificate(space, "third.example.com");
    await agent.until("the new one", () => agent.log().includes("is in use"));
    let shown = "";
    // The old listener ends a moment after the new one has begun.
    while (shown !== "third.example.com") shown = await nameShown(agent.url).catch(() => "");
    isOver = true;
    await calls;
    expect([...statuses]).toEqual([204]);
    // Those at the moment when the one new certificate was taken up, of thousands.
    expect(cut).toBeLessThan(10);
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);

test("a port that is taken is reported, with HTTPS too", async () => {
  for (const serve of ["", "cert = cert.pem\nkey = key.pem\n"]) {
    await using space = await openServeWorkspace({ serve });
    makeCertificate(space, "first.example.com");
    await using agent = await listen(space);
    const port = new URL(agent.url).port;
    const second = await space.agent(["serve", "--port", port]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`Cannot listen on 127.0.0.1:${port}: the port is in use`);
  }
}, 60_000);
