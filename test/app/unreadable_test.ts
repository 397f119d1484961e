/**
 * A record that cannot be read is shown, with its reason, by everything that reads a source.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { start as startJamf } from "../sources/casper/section.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { type Faces, openFaces } from "./support/faces.ts";
import { slow } from "../support/slow.ts";

/** Computer 2 of three is listed, and answered with 404. */
async function withUnreadable(look: (faces: Faces) => Promise<void>): Promise<void> {
  const { vendor, options } = startJamf({ count: 3, missing: [2] });
  await using _vendor = vendor;
  const instance = await startStandIn();
  try {
    using faces = openFaces();
    faces.write(
      "config.ini",
      `${oomnitzaSection(instance)}[casper]\nenable = True\n${options}`,
    );
    await look(faces);
  } finally {
    await instance.stop();
  }
}

const named = /computer 2 \(device-2\):? .*404/;

test("by an upload from the command line and from the browser", async () => {
  await withUnreadable(async (faces) => {
    const upload = await faces.cli("upload", "casper", "--singleton", "0");
    expect(upload.stdout).toContain("2 read, 2 sent, 1 unreadable");
    expect(upload.stdout).toMatch(named);
    expect(upload.code).toBe(3);
    await faces.submit("run", { section: "casper" });
    await faces.uploaded();
    expect(await faces.page("run")).toMatch(named);
  });
});

test("by explain", async () => {
  await withUnreadable(async (faces) => {
    const lost = await faces.cli("explain", "casper", "--record", "SN2");
    expect(lost.stderr).toMatch(named);
    expect(lost.stderr).toContain("[casper] has no record SN2: 2 were read, 1 could not be read");
    expect(lost.code).toBe(3);
    const found = await faces.cli("explain", "casper", "--record", "SN3");
    expect(found.code, found.stderr).toBe(0);
    expect(found.stdout).toContain("would be sent");
  });
});

test("by a plan from the command line and from the browser", async () => {
  await withUnreadable(async (faces) => {
    const plan = await faces.cli("plan", "casper");
    expect(plan.stdout).toContain("1 unreadable");
    expect(plan.stderr).toMatch(named);
    expect(await faces.submit("section/casper/plan")).toContain("Unreadable 1");
  });
});

test("by the preview and by what discovers fields", async () => {
  await withUnreadable(async (faces) => {
    const preview = await faces.submit("section/casper/preview", { count: "10" });
    expect(preview).toContain("2 read, 1 could not be read, 2 of them would be sent.");
    expect(preview).toMatch(named);
    const mappings = await faces.submit("section/casper/mappings/sample");
    expect(mappings).toMatch(named);
    expect(mappings).toContain('"records":2');
    const discovered = await faces.submit("section/casper/discover", { count: "100" });
    expect(discovered).toMatch(named);
    expect(discovered).toContain("2 records read, 1 could not be read");
    const printed = await faces.cli("discover", "casper");
    expect(printed.stdout).toMatch(named);
    expect(printed.code).toBe(3);
  });
});

slow("by what runs code on sampled records", async () => {
  await withUnreadable(async (faces) => {
    const code = { section: "casper", kind: "filter", code: "return record.x" };
    const sampled = await faces.submit("code/sample", code);
    expect(JSON.parse(sampled)).toHaveProperty("paths");
    expect(await faces.submit("code/try", code)).toMatch(named);
  });
});
