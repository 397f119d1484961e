/**
 * Checking a section that depends on something that its vendor ends.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { checkFile } from "../../src/app/check.ts";
import type { Source } from "../../src/sdk/mod.ts";
import { sources } from "../../src/sources/mod.ts";
import { openFaces } from "./support/faces.ts";

const dayMs = 86_400_000;

/** CSV users whose file ends, so many days from now. */
function endingIn(days: number): readonly Source[] {
  const ends = new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);
  return sources.map((source) =>
    source.name === "csv_users"
      ? {
        ...source,
        deadlines: [{
          what: "files",
          ends,
          notice: "About files",
          successor: "a service",
          todo: "Use the service.",
          concerns: ({ filename }) => String(filename).endsWith("people.csv"),
        }],
      }
      : source
  );
}

const ini = (file: string) =>
  "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = token\n" +
  `[csv_users]\nenable = True\nfilename = ${file}\nsync_field = USER\ndefault_role = 25\n` +
  "default_position = unused\nmapping.USER = Mail\nmapping.EMAIL = Mail\n";

async function check(days: number, file = "people.csv") {
  using faces = openFaces();
  faces.write("config.ini", ini(file));
  const found = await checkFile({ ...faces.app, sources: endingIn(days) }, "all");
  return found.find(({ section }) => section === "csv_users");
}

test("months before, there is a warning, and the section passes", async () => {
  const found = await check(100);
  expect(found?.ok).toBe(true);
  expect(found?.warnings).toEqual([
    expect.stringMatching(/^CSV users ends files on .*\("About files"\)\. Use the service\.$/),
  ]);
});

test("in the last days and afterwards the section fails, with what to do", async () => {
  for (const days of [10, -10]) {
    const found = await check(days);
    expect(found?.ok).toBe(false);
    expect(found?.message).toContain("files on ");
    expect(found?.hint).toBe("Use the service.");
  }
});

test("long before, and for a section that does not depend on it, nothing is said", async () => {
  for (const found of [await check(400), await check(10, "other.csv")]) {
    expect(found).toMatchObject({ ok: true, warnings: [] });
  }
});
