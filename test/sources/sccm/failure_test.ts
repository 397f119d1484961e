/**
 * SCCM when the server dies, hangs, or is none.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { record } from "../../support/recorder.ts";
import { slow } from "../../support/slow.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import { startTdsServer } from "../../support/tds/server.ts";
import type { TdsQuery } from "../../support/tds/requests.ts";
import type { TdsAnswer } from "../../support/tds/session.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { hardwareOf, programsOf, siteRows } from "./computers.ts";
import { optionsFor, section, upload } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => hardwareOf(index).computer_name);

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());
const { cert, key, authority } = identity;
const trust = { cacert_file: authority };

slow.each([
  ["in the clear", "v_GS_COMPUTER_SYSTEM", {}, {}],
  ["encrypted", "v_GS_COMPUTER_SYSTEM", { tls: { cert, key } }, { encrypt: "True", ...trust }],
  ["strict", "v_GS_COMPUTER_SYSTEM", { tls: { cert, key } }, { encrypt: "strict", ...trust }],
  ["among the programs", "v_GS_ADD_REMOVE_PROGRAMS", {}, {}],
])(
  "the server is killed mid-run (%s): what was read is delivered, and the next run completes",
  async (_title, view, secured, more) => {
    const count = 3000;
    const { answer } = makeSite({ rows: siteRows(count, 10) });
    const delivered = Promise.withResolvers<void>();
    let killed: Promise<void> | undefined;
    /** Half of the rows go out; when some of them were delivered, the server dies. */
    const dying = (query: TdsQuery): TdsAnswer => {
      const whole = answer(query);
      if (!query.sql.includes(`FROM dbo.${view}`) || killed !== undefined) return whole;
      const most = view.includes("PROGRAMS") ? count * 10 / 2 : count / 2;
      async function* half() {
        let sent = 0;
        for await (const row of whole.rows ?? []) {
          yield row;
          if (++sent < most) continue;
          await delivered.promise;
          killed = server.kill();
          return;
        }
      }
      return { ...whole, rows: half() };
    };
    await using server = await startTdsServer({ answer: dying, ...secured });
    const options = optionsFor(server.port, more);
    const run = await upload(options, ["--workers", "1"], ({ path }) => {
      if (path === "/api/v3/bulk") delivered.resolve();
    });
    await killed;
    const { fetched, sent, failed } = run.section.counts;
    expect(run.code).toBe(3);
    expect(run.section.outcome).toBe("failed");
    expect(run.section.error?.message).toContain(
      `The connection to SQL Server 127.0.0.1,${server.port} is lost`,
    );
    expect(run.section.error?.bug).toBe(false);
    expect(fetched).toBeGreaterThan(0);
    expect(fetched).toBeLessThanOrEqual(count / 2);
    expect({ sent, failed }).toEqual({ sent: fetched, failed: 0 });
    expect(run.records.map(({ NAME }) => NAME)).toEqual(names(fetched));
    // No computer is sent with half of its programs.
    for (const { APPLICATIONS } of run.records) expect(APPLICATIONS).toHaveLength(10);

    await server.start();
    const next = await upload(options, ["--workers", "1"]);
    expect(next.code).toBe(0);
    expect(next.records.map(({ NAME }) => NAME)).toEqual(names(count));
  },
  60_000,
);

/** Answers as a site does, and after some rows of one query not at all. */
function stalling(rows: number, which: RegExp): (query: TdsQuery) => TdsAnswer {
  const { answer } = makeSite({ rows: siteRows(2000, 3) });
  return (query) => {
    const whole = answer(query);
    if (!which.test(query.sql)) return whole;
    async function* stalled() {
      let count = 0;
      for await (const row of whole.rows ?? []) {
        if (count++ === rows) await new Promise(() => {});
        yield row;
      }
    }
    return { ...whole, rows: stalled() };
  };
}

describe("a server that keeps silent", () => {
  slow.each([
    ["before the first computer", 0, /FROM dbo\.v_GS_COMPUTER_SYSTEM/],
    ["among the computers", 1200, /FROM dbo\.v_GS_COMPUTER_SYSTEM/],
    ["among the programs", 3000, /FROM dbo\.v_GS_ADD_REMOVE_PROGRAMS/],
    ["about the columns", 0, /INFORMATION_SCHEMA/],
  ])("%s is not waited for for ever", async (_title, rows, which) => {
    await using server = await startTdsServer({ answer: stalling(rows, which) });
    const run = await upload(optionsFor(server.port, { query_timeout: "3" }), ["--workers", "1"]);
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("no answer within 3 s");
    const { fetched, sent } = run.section.counts;
    expect(sent).toBe(fetched);
    expect(fetched > 0).toBe(rows > 0);
    expect(run.records.map(({ NAME }) => NAME)).toEqual(names(fetched));
    run.records.forEach(({ APPLICATIONS }, index) =>
      expect(APPLICATIONS).toEqual(programsOf(index, 3))
    );
  });

  slow.each(["prelogin", "login"] as const)("after %s", async (silentAfter) => {
    await using server = await startTdsServer({ silentAfter });
    const run = await upload(optionsFor(server.port, { timeout: "1" }));
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("Cannot connect to SQL Server");
    expect(run.section.error?.bug).toBe(false);
  });

  test.each([
    ["while it works on a query", { answer: stalling(0, /v_GS_COMPUTER_SYSTEM/) }],
    ["among the rows", { answer: stalling(1200, /v_GS_COMPUTER_SYSTEM/) }],
    ["after prelogin", { silentAfter: "prelogin" as const }],
    ["after login", { silentAfter: "login" as const }],
  ])("a stop ends the run %s", async (_title, options) => {
    await using server = await startTdsServer(options);
    await using instance = record();
    using space = workspace();
    space.write("config.ini", oomnitzaSection(instance) + section(optionsFor(server.port)));
    const agent = await space.start(["upload", "sccm"]);
    while (server.connections === 0) await Bun.sleep(5);
    await Bun.sleep(100);
    expect(await agent.stop()).toBe(3);
  });
});

/** Listens and treats each connection its own way. */
async function listen(onData: (write: (bytes: Uint8Array) => void, end: () => void) => void) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onData((bytes) => socket.write(bytes), () => socket.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port ?? 0 : 0;
  return { port, [Symbol.dispose]: () => void server.close() };
}

describe("what is no SQL Server", () => {
  const web = Buffer.from("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  const noise = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256));
  const halfPacket = Buffer.of(4, 1, 0, 40, 0, 0, 1, 0, 0xff);
  const emptyPrelogin = Buffer.of(4, 1, 0, 9, 0, 0, 1, 0, 0xff);
  slow.each([
    ["a web server", web],
    ["noise", noise],
    ["half of a packet", halfPacket],
    ["an answer without content, then nothing", emptyPrelogin],
  ])("%s ends the section with a sentence", async (_title, bytes) => {
    using space = await listen((write) => write(bytes));
    for (const encrypt of ["True", "False"]) {
      const run = await upload(optionsFor(space.port, { timeout: "1", encrypt }));
      expect(run.code).toBe(3);
      expect(run.section.error?.message).toContain("Cannot connect to SQL Server");
      expect(run.section.error?.bug).toBe(false);
    }
  });

  test("a connection that is closed at once", async () => {
    using space = await listen((_write, end) => end());
    const run = await upload(optionsFor(space.port, { timeout: "2" }));
    expect(run.section.error?.message).toContain("Cannot connect to SQL Server");
    expect(run.section.error?.bug).toBe(false);
  });
});

test("tokens that are none, among the rows, end the section and not the program", async () => {
  const { answer } = makeSite({ rows: siteRows(10, 2) });
  const odd = (query: TdsQuery): TdsAnswer => {
    const whole = answer(query);
    if (!query.sql.includes("v_GS_COMPUTER_SYSTEM")) return whole;
    return { ...whole, raw: Buffer.of(0x01, 0x02, 0x03) };
  };
  await using server = await startTdsServer({ answer: odd });
  const run = await upload(optionsFor(server.port));
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("is lost");
  expect(run.section.error?.bug).toBe(false);
});
