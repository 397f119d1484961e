/**
 * agent stand-in on the command line: what its flags and files say, it does.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { type Workspace, workspace } from "../support/workspace.ts";

/** Starts a stand-in on a free port; gives a way to call it. */
async function startIn(space: Workspace, words: readonly string[]) {
  const running = await space.start(
    ["stand-in", "--port", "0", "--output", "json", "--token", "t0ken", ...words],
  );
  while (!running.stdout().includes("\n") && !running.hasEnded()) await Bun.sleep(5);
  const { url } = JSON.parse(running.stdout());
  return {
    running,
    async call(path: string, body?: unknown) {
      const response = await fetch(url + path, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization2: "t0ken", "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
  };
}

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";

function bulk(models: readonly string[]) {
  return {
    ...{ connector_version: "0", connector_name: "CSV_assets", sync_field: ["BARCODE"] },
    ...{ portion, data_type: "assets", insert_only: false, update_only: false },
    records: models.map((MODEL, index) => ({ BARCODE: `A${index}`, MODEL })),
  };
}

const log = "/api/v3/connector_run_logs/connectors";

test("fields and outcomes come from files, and uploads are processed later", async () => {
  using space = workspace();
  space.write(
    "fields.json",
    JSON.stringify({
      assets: { MODEL: { type: "dropdown", values: ["Laptop", "Phone", "Old"] } },
    }),
  );
  space.write(
    "outcomes.json",
    JSON.stringify([{
      outcome: "skipped",
      text: "{key} is {value}",
      field: "MODEL",
      values: ["Old"],
    }]),
  );
  const { running, call } = await startIn(space, [
    ...["--fields", "fields.json", "--outcomes", "outcomes.json", "--process-after", "1"],
  ]);
  await call("/api/v3/bulk", bulk(["Laptop", "Tablet", "Old"]));
  const ask = () => call(`${log}/${portion}`);
  while ((await ask()).body.objects.processing > 0) await Bun.sleep(1);
  expect((await ask()).body).toMatchObject({
    objects: { added: 1, failed: 1, skipped: 1 },
    logs: {
      failed: ["A1: MODEL: the value 'Tablet' is not in the list of the field"],
      skipped: ["A2 is Old"],
    },
  });
  expect((await call("/api/v3/assets/meta")).body).toMatchObject([{ external_id: "model" }]);
  expect(await running.stop()).toBe(0);
});

test.each([
  ["given", 200, 200],
  ["number", 404, 200],
  ["denied", 403, 403],
  ["absent", 404, 404],
])("--run-log %s", async (runLog, byUpload, byNumber) => {
  using space = workspace();
  const { running, call } = await startIn(space, ["--run-log", runLog]);
  await call("/api/v3/bulk", bulk(["Laptop"]));
  expect((await call(`${log}/${portion}`)).status).toBe(byUpload);
  expect((await call(`${log}/1`)).status).toBe(byNumber);
  expect(await running.stop()).toBe(0);
});

test.each([
  ["fields", '{"assets": {"MODEL": {"type": "list"}}}', "does not hold fields"],
  ["fields", '{"computers": {}}', "does not hold fields"],
  ["outcomes", '[{"outcome": "lost", "text": "x"}]', "does not hold outcomes"],
  ["outcomes", '[{"outcome": "failed", "text": "x", "share": 2}]', "does not hold outcomes"],
  ["outcomes", "[", "is not a JSON file"],
])("--%s with %s is refused", async (flag, content, message) => {
  using space = workspace();
  space.write("file.json", content);
  const run = await space.agent(["stand-in", "--port", "0", `--${flag}`, "file.json"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(message);
});
