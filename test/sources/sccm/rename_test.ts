/**
 * A computer with another name is known again by its number in Configuration Manager.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../../support/recorder.ts";
import { startTdsServer } from "../../support/tds/server.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { hardwareOf, siteRows } from "./computers.ts";
import { optionsFor, section } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";

/** The column of `v_GS_COMPUTER_SYSTEM` that has the name. */
const nameColumn = 2;

test("a computer with another name is known again", async () => {
  const rows = siteRows(3, 0);
  const systems = [...rows.v_GS_COMPUTER_SYSTEM ?? []];
  const siteWith = (names: readonly string[]) =>
    makeSite({
      rows: {
        ...siteRows(3, 0),
        v_GS_COMPUTER_SYSTEM: systems.map((row, index) =>
          row.map((value, column) => column === nameColumn ? names[index] ?? null : value)
        ),
      },
    });
  const names = [0, 1, 2].map((index) => hardwareOf(index).computer_name);
  let site = siteWith(names);
  await using server = await startTdsServer({ answer: (query) => site.answer(query) });
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section(optionsFor(server.port)));
  const upload = async () => {
    const { stdout } = await space.agent(["upload", "sccm", "--output", "json"]);
    return JSON.parse(stdout).sections[0];
  };
  expect((await upload()).counts.sent).toBe(3);
  site = siteWith(["RENAMED", ...names.slice(1)]);
  expect((await upload()).changes).toMatchObject({
    ...{ new: 0, renamed: 1, gone: 0 },
    renames: [{ old: names[0], new: "RENAMED" }],
  });
});
