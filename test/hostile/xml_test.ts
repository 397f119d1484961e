/**
 * XML that means harm, by a source that reads XML, by SOAP, and where error pages are shortened.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { start as startJasper } from "../sources/jasper/section.ts";
import { answering, checkHostile, peopleFrom, uploadHostile } from "./hostile_run.ts";

function section(url: string): string {
  return `[onelogin]\nenable = True\nurl = ${url}/api/v2/users.xml\napi_token = abcdef\n` +
    "default_role = 25\ndefault_position = Employee\n";
}

const laughs = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
).join("");
const bomb = `<!DOCTYPE u [<!ENTITY l0 "ha">${laughs}]><users><user>&l9;</user></users>`;
const reader =
  '<!DOCTYPE u [<!ENTITY f SYSTEM "file:///etc/passwd">]><users><user>&f;</user></users>';

const documents: readonly (readonly [string, string, string])[] = [
  ["entities within entities", bomb, "document type"],
  ["an entity that reads a file", reader, "document type"],
  ["an entity of nobody's", "<users><user>&evil;</user></users>", "entity"],
  ["100,000 levels", "<a>".repeat(100_000) + "</a>".repeat(100_000), "XML"],
  ["200,000 open comments", `<users>${"<!--".repeat(200_000)}`, "not well-formed"],
  ["200,000 open CDATA sections", `<users>${"<![CDATA[".repeat(200_000)}`, "not well-formed"],
  ["200,000 brackets", "<".repeat(200_000), "XML"],
  ["a web page", "<!DOCTYPE html><html><body>Log in</body></html>", "web page"],
  ["nothing", "", "XML"],
  ["no XML", "\0\x01\x02 PK\x03\x04", "XML"],
];

describe("a source that reads XML", () => {
  test.each(documents)("%s ends the section with a short message", async (_title, text, reason) => {
    await using server = answering(() =>
      new Response(text, { headers: { "Content-Type": "application/xml" } })
    );
    const run = await uploadHostile(section(server.url), { ownProcess: true });
    expect(run.code).toBe(3);
    const { message = "", bug } = run.section.error ?? {};
    expect(message).toContain(reason);
    expect(message).toMatch(/\(GET .*users\.xml\)/);
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain("root:");
    expect(bug).not.toBe(true);
    expect(run.peak).toBeLessThan(400);
  });
});

test("SOAP answers with bombs and with names that objects have by birth end the section, or arrive", async () => {
  for (const body of [bomb, reader, "<a>".repeat(50_000)]) {
    const space = startJasper({ count: 1 });
    await using vendor = space.vendor;
    vendor.fail({
      on: ({ method }) => method === "POST",
      times: 100,
      answer: () => new Response(body, { headers: { "Content-Type": "text/xml" } }),
    });
    const run = await uploadHostile(`[jasper]\nenable = True\n${space.options}`);
    expect(run.code).toBe(3);
    expect(run.section.error?.bug).not.toBe(true);
    expect(run.section.error?.message.length ?? 0).toBeLessThan(600);
  }
});

test("an error page of a megabyte of brackets is shortened at once", async () => {
  await using server = answering(() => new Response("<".repeat(1_000_000), { status: 400 }));
  const begun = performance.now();
  const run = await checkHostile(peopleFrom(server.url));
  expect(run.code).toBe(3);
  expect(run.output.length).toBeLessThan(2000);
  expect(performance.now() - begun).toBeLessThan(20_000);
});
