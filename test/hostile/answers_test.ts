/**
 * Answers that are too large, too deep, cut, garbled or something else than they should be.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { answering, checkHostile, peopleFrom, person, uploadHostile } from "./hostile_run.ts";

const json = { "Content-Type": "application/json" };
const megabyte = 1024 * 1024;

/** A server that writes bytes as they are and closes, whatever is asked. */
async function saying(bytes: string | Uint8Array) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("large answers", () => {
  const block = new Uint8Array(megabyte).fill(0x20);
  const bomb = gzipSync(Buffer.alloc(500 * megabyte, 0x20));
  const bodies: readonly (readonly [string, () => Response])[] = [
    ["of 100 MB", () => new Response(Buffer.alloc(100 * megabyte, 0x20), { headers: json })],
    [
      "without an end",
      () =>
        new Response(new ReadableStream({ pull: (to) => to.enqueue(block) }), { headers: json }),
    ],
    [
      "of 500 MB, packed into half a megabyte",
      () => new Response(bomb, { headers: { ...json, "Content-Encoding": "gzip" } }),
    ],
  ];
  for (const [title, answer] of bodies) {
    test(`an answer ${title} is refused at the limit, once, with the request named`, async () => {
      await using server = answering(answer);
      const run = await uploadHostile(peopleFrom(server.url), { ownProcess: true });
      expect(run.code).toBe(3);
      expect(run.section.error?.message).toContain("The answer is larger than 64 MB");
      expect(run.section.error?.message).toMatch(/\(GET .*\/api\/v1\/users\)/);
      expect(run.section.error?.hint).toContain("max_answer_mb");
      expect(server.asked).toHaveLength(1);
      expect(run.peak).toBeLessThan(400);
    }, 60_000);
  }

  test("max_answer_mb moves the limit", async () => {
    const text = JSON.stringify([person(1, { note: "x".repeat(2 * megabyte) })]);
    await using server = answering(() => new Response(text, { headers: json }));
    const low = await uploadHostile(peopleFrom(server.url, "max_answer_mb = 1"));
    expect(low.section.error?.message).toContain("The answer is larger than 1 MB");
    const enough = await uploadHostile(peopleFrom(server.url, "max_answer_mb = 3"));
    expect(enough.section.error).toBeNull();
    expect(enough.records).toHaveLength(1);
  });

  test("an answer of Oomnitza's has a limit too", async () => {
    await using server = answering(() => Response.json([person(1)]));
    const run = await uploadHostile(peopleFrom(server.url), {
      instance: {
        answer: ({ path }) =>
          path === "/api/v3/bulk" ? { status: 200, body: " ".repeat(70 * megabyte) } : undefined,
      },
    });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("The answer is larger than 64 MB");
  }, 60_000);
});

describe("deep JSON", () => {
  const levels = 100_000;
  const lists = "[".repeat(levels) + "]".repeat(levels);
  const objects = '{"a":'.repeat(levels) + "1" + "}".repeat(levels);

  for (const [title, deep] of [["lists", lists], ["objects", objects]] as const) {
    for (const words of [[], ["--testmode"], ["--save-data"]]) {
      test(`a record of ${levels} ${title} is unreadable, its neighbours arrive ${words}`, async () => {
        const middle = JSON.stringify(person(2, { deep: "HERE" })).replace('"HERE"', deep);
        const text = `[${JSON.stringify(person(1))},${middle},${JSON.stringify(person(3))}]`;
        await using server = answering(() => new Response(text, { headers: json }));
        const run = await uploadHostile(peopleFrom(server.url, "mapping.NOTE = profile.deep"), {
          words,
        });
        expect(run.code).toBe(3);
        expect(run.section.error).toBeNull();
        expect(run.section.counts).toMatchObject({ fetched: 2, unreadable: 1 });
        expect(run.section.failures[0]?.reason).toContain("nested more than 200 levels deep");
        if (words.length === 0) expect(run.records).toHaveLength(2);
      });
    }
  }

  for (const [title, text] of [["closed", lists], ["open", "[".repeat(levels)]] as const) {
    test(`an answer of nothing but ${title} brackets ends the section`, async () => {
      await using server = answering(() => new Response(text, { headers: json }));
      const run = await uploadHostile(peopleFrom(server.url));
      expect(run.code).toBe(3);
      expect(run.section.error?.message).toMatch(/\(GET .*\/api\/v1\/users\)/);
      expect(run.section.error?.bug).not.toBe(true);
    });
  }
});

describe("cut and garbled answers", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  const cut: readonly (readonly [string, string])[] = [
    ["a length that is not reached", `${head}Content-Length: 5000\r\n\r\n[{"id": "1"`],
    ["a chunk that is not whole", `${head}Transfer-Encoding: chunked\r\n\r\nff\r\n[{"id"`],
    ["a chunk length that is no number", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n`],
    ["a head that does not end", "HTTP/1.1 200 OK\r\nContent-Type: appl"],
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["nothing", ""],
  ];
  test.each(cut)("%s ends the section, naming the request", async (_title, bytes) => {
    await using server = await saying(bytes);
    const run = await checkHostile(peopleFrom(server.url, "timeout = 5"));
    expect(run.code).toBe(3);
    expect(run.output).toMatch(/FAILED \[okta\] .*\(GET .*\/api\/v1\/users\)/);
    expect(run.output).not.toContain("bug");
  });

  test("what is no UTF-8 arrives with a mark in its place, and a warning names the request", async () => {
    const text = JSON.stringify([person(1, { firstName: "Ren?" })]);
    const bytes = Buffer.from(text);
    bytes[bytes.indexOf("?")] = 0xe9;
    await using garbled = answering(() => new Response(bytes, { headers: json }));
    const run = await uploadHostile(peopleFrom(garbled.url));
    expect(run.records[0]).toMatchObject({ FIRST_NAME: "Ren\ufffd" });
    expect(run.stderr).toMatch(/WARNING \[okta\] Characters of an answer cannot be read .*users/);
    const type = { "Content-Type": "application/json; charset=ISO-8859-1" };
    await using named = answering(() => new Response(bytes, { headers: type }));
    const read = await uploadHostile(peopleFrom(named.url));
    expect(read.records[0]).toMatchObject({ FIRST_NAME: "René" });
    expect(read.stderr).not.toContain("cannot be read");
  });
});
