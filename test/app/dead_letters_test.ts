/**
 * Refused records are sent again and discarded in one way, from the command line and from the browser.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { openFaces } from "./support/faces.ts";

test("both faces list, send again and discard the same records", async () => {
  const instance = await startStandIn({
    faults: { poison: { field: "BARCODE", pattern: "[37]$" } },
  });
  try {
    using faces = openFaces();
    const tags = Array.from({ length: 20 }, (_, row) => `T${row}\n`).join("");
    faces.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    faces.write("assets.csv", `tag\n${tags}`);
    expect((await faces.cli("upload", "csv_assets", "--singleton", "0")).code).toBe(3);
    const letters = JSON.parse((await faces.cli("failed", "--output", "json")).stdout) as {
      readonly id: number;
      readonly record: string;
    }[];
    expect(letters.map(({ record }) => record)).toEqual(["T3", "T7", "T13", "T17"]);
    const page = await faces.page("failed");
    for (const { record } of letters) expect(page).toContain(record);
    const [first, second] = letters.map(({ id }) => String(id));
    const again = await faces.submit("failed/retry", { id: first ?? "" });
    expect(again).toContain("1 sent again: 0 accepted, 1 refused, 0 not answered.");
    instance.setFaults({});
    const accepted = await faces.submit("failed/retry", { id: first ?? "" });
    expect(accepted).toContain("1 sent again: 1 accepted, 0 refused, 0 not answered.");
    const retry = await faces.cli("retry", second ?? "", "--singleton", "0");
    expect(retry.stdout).toContain("1 sent again: 1 accepted");
    const [, , third, fourth] = letters.map(({ id }) => String(id));
    expect(await faces.submit("failed/discard", { id: third ?? "" })).toContain("Forget 1 record");
    const discarded = await faces.submit("failed/discard", { id: third ?? "", sure: "yes" });
    expect(discarded).toContain("1 discarded.");
    expect((await faces.cli("discard", fourth ?? "")).stdout).toContain("1 discarded");
    expect(await faces.page("failed")).toContain("No refused records are kept.");
  } finally {
    await instance.stop();
  }
});
