/**
 * Directories that die, hang or are none.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { record } from "../../support/recorder.ts";
import { accounts, password, startSlapd, suffix } from "../../support/slapd.ts";
import { slow } from "../../support/slow.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { section, type SectionOptions, upload } from "./ldap_run.ts";
import { directoryLdif, people, uidOf } from "./people.ts";

const slapd = await startSlapd({ ldif: directoryLdif(5000) });
afterAll(() => slapd[Symbol.asyncDispose]());

const options: SectionOptions = {
  url: slapd.plain,
  username: accounts.reader,
  password,
  base_dn: `ou=people,${suffix}`,
  default_role: "25",
  default_position: "Employee",
};

/** A server that does what it is reported with each connection. */
async function startOtherServer(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Clients go away as they like.
    socket.on("error", () => socket.destroy());
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `ldap://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

slow.each([
  ["plain", {}],
  ["StartTLS", { start_tls: "True", cacert_file: slapd.authority }],
  ["ldaps", { url: slapd.secure, cacert_file: slapd.authority }],
])(
  "the server is killed mid-run (%s): what was read arrives, and the next run completes",
  async (_title, more) => {
    let killed: Promise<void> | undefined;
    const settings = { ...options, ...more };
    const run = await upload("ldap", settings, ["--workers", "1"], async ({ path }) => {
      // Nothing more is sent, and so not much more is read, until it is gone.
      if (path.includes("/bulk")) await (killed ??= slapd.kill());
    });
    await killed;
    const { fetched, sent, failed, unreadable } = run.section.counts;
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("is lost");
    // A page holds 1,000 entries, the first of them the unit.
    expect(fetched).toBeGreaterThanOrEqual(999);
    expect(fetched).toBeLessThan(5000);
    expect([sent, failed, unreadable]).toEqual([fetched, 0, 0]);
    expect(run.records.map(({ USER }) => USER)).toEqual(
      people(fetched).map((_, index) => uidOf(index + 1)),
    );
    await slapd.start();
    const next = await upload("ldap", settings, ["--workers", "1"]);
    expect(next.code).toBe(0);
    expect(next.section.counts).toMatchObject({ fetched: 5000, sent: 5000 });
  },
  60_000,
);

slow("a directory that says nothing is given up after the timeout", async () => {
  await using server = await startOtherServer(() => {});
  const run = await upload("ldap", { ...options, url: server.url, timeout: "1" });
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("no answer within 1 s");
  expect(server.connections()).toBe(1);
});

slow(
  "a directory that falls silent mid-run is given up too, and what was read arrives",
  async () => {
    await using hung = await startSlapd({ ldif: directoryLdif(5000) });
    const settings = { ...options, url: hung.plain, timeout: "10" };
    let frozen = false;
    const run = await upload("ldap", settings, ["--workers", "1"], ({ path }) => {
      if (!path.includes("/bulk") || frozen) return;
      frozen = true;
      hung.freeze();
    });
    const { fetched, sent, failed, unreadable } = run.section.counts;
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("is lost: no answer within 10 s");
    expect(fetched).toBeGreaterThanOrEqual(999);
    expect(fetched).toBeLessThan(5000);
    expect([sent, failed, unreadable]).toEqual([fetched, 0, 0]);
    await hung.kill();
    await hung.start();
    const next = await upload("ldap", { ...settings, timeout: "60" });
    expect(next.section.counts).toMatchObject({ fetched: 5000, sent: 5000 });
  },
  180_000,
);

test.each([
  ["a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak LDAP"],
  ["broken messages", "\x30\x03\x02\x01", "is lost"],
  ["a message of an endless length", "\x30\x80\x02\x01\x01", "is lost"],
  ["an operation that does not exist", "\x30\x05\x02\x01\x01\x7f\x00", "is lost"],
])("%s is no directory", async (_title, bytes, message) => {
  await using server = await startOtherServer((socket) => socket.end(bytes, "latin1"));
  const run = await upload("ldap", { ...options, url: server.url });
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.bug).toBe(false);
});

test("a server that closes at once is reported as that", async () => {
  await using server = await startOtherServer((socket) => socket.destroy());
  const run = await upload("ldap", { ...options, url: server.url });
  expect(run.section.error?.message).toContain("Cannot connect to");
  expect(run.section.error?.hint).toContain("ldaps:// 636");
});

slow("what comes in the clear after the agreement to StartTLS is not believed", async () => {
  // "Success" for StartTLS, and in the same breath for the login that has not been asked for yet.
  const success = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00" +
    "\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
  let inTheClear = "";
  await using server = await startOtherServer((socket) => {
    socket.once("data", () => socket.write(success, "latin1"));
    socket.on("data", (data) => inTheClear += data.toString("latin1"));
  });
  const run = await upload("ldap", {
    ...options,
    url: server.url,
    start_tls: "True",
    timeout: "2",
  });
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("Cannot connect to");
  expect(inTheClear).toContain("1.3.6.1.4.1.1466.20037");
  expect(inTheClear).not.toContain("Canary");
});

test("a stop ends a search that hangs", async () => {
  await using server = await startOtherServer(() => {});
  await using instance = record();
  using space = workspace();
  const settings = section("ldap", { ...options, url: server.url });
  space.write("config.ini", oomnitzaSection(instance) + settings);
  const agent = await space.start(["upload", "ldap"]);
  while (server.connections() === 0) await Bun.sleep(5);
  await Bun.sleep(100);
  expect(await agent.stop()).toBe(3);
});
