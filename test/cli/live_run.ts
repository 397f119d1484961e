/**
 * What the tests of plan --live and of drift share: an instance with assets, changed by hand.
 *
 * @module
 */
import { expect } from "bun:test";
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { type plan, upload } from "./delta_run.ts";

const started: StandIn[] = [];

/** Stops the instances of a test; for \`afterEach\`. */
export async function stopInstances(): Promise<void> {
  await Promise.all(started.splice(0).map((instance) => instance.stop()));
}

/** Starts an instance in which ann changes what is changed by hand. */
export async function startInstance(options: StandInOptions = {}): Promise<StandIn> {
  const instance = await startStandIn({ username: "ann", ...options });
  started.push(instance);
  return instance;
}

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
mapping.NOTES = note
only_changed = True
`;

/** An instance and a folder, with so many assets uploaded; `noteOf` gives what a row has in NOTES. */
export async function uploaded(
  count: number,
  options: StandInOptions = {},
  noteOf = (row: number) => `note ${row}`,
) {
  const instance = await startInstance(options);
  const space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", `tag,model,note\n${rowsOf(count, noteOf).join("\n")}\n`);
  expect((await upload(space)).code).toBe(0);
  return { instance, space };
}

function rowsOf(count: number, noteOf: (row: number) => string): string[] {
  return Array.from({ length: count }, (_, row) => `T${row},model ${row},${noteOf(row)}`);
}

/** Changes fields of an asset as a person does it in Oomnitza; ids count from 1. */
export async function changeByHand(instance: StandIn, id: number, fields: Record<string, unknown>) {
  const response = await fetch(`${instance.url}/api/v3/assets/${id}`, {
    method: "PATCH",
    headers: { authorization2: instance.token, "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  expect(response.status).toBe(200);
}

/** Makes five changes by hand: in four records, of two fields. */
export async function changeFiveFields(instance: StandIn) {
  await changeByHand(instance, 3, { model: "by hand" });
  await changeByHand(instance, 5, { notes: "" });
  await changeByHand(instance, 7, { model: "other", notes: "two at once" });
  await changeByHand(instance, 11, { model: "last" });
  // Nobody maps these: they are none of our business.
  await changeByHand(instance, 2, { owner: "bob" });
}

/** What {@linkcode changeFiveFields} changed, as a plan shows it. */
export const fiveFields = [
  { kind: "changed", record: "T2", fields: [["MODEL", "by hand", "model 2"]] },
  { kind: "changed", record: "T4", fields: [["NOTES", "", "note 4"]] },
  {
    kind: "changed",
    record: "T6",
    fields: [["MODEL", "other", "model 6"], ["NOTES", "two at once", "note 6"]],
  },
  { kind: "changed", record: "T10", fields: [["MODEL", "last", "model 10"]] },
];

/** Changes without who made them: field, old, new. */
export function brief(changes: Awaited<ReturnType<typeof plan>>["changes"]) {
  return changes.map(({ kind, record, fields }) => ({
    kind,
    record,
    fields: fields.map((change) => [change.field, change.old, change.new]),
  }));
}

/** The requests of what is done, without those that every session begins with. */
export async function requestsOf(instance: StandIn, work: () => Promise<unknown>) {
  const before = instance.state.requests.length;
  await work();
  return instance.state.requests.slice(before)
    .filter(({ path }) => path !== "/api/v2/mappings")
    .map(({ method, path }) => `${method} ${path}`);
}
