/**
 * Receipts in `agent serve`: waiting holds up nothing, and webhooks are asked about in groups.
 *
 * @module
 */
import { expect } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { query, rows, section } from "./state_run.ts";

/** Oomnitza holds what it took in until it is told to process it, and refuses one record. */
function holding(field: string, value: string) {
  const rule = {
    outcome: "failed",
    text: `${field} {key} is refused`,
    field,
    values: [value],
  } as const;
  return { holdsProcessing: true, processing: { delayMs: 1, rules: [rule] } };
}

function asked({ state }: StandIn): string[] {
  return state.requests.map(({ path }) => path)
    .filter((path) => path.startsWith("/api/v3/connector_run_logs/"));
}

async function metrics(url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`)).text();
}

/** The metrics once they have some lines: what is logged may be counted a moment later. */
async function metricsWith(url: string, lines: readonly string[]): Promise<string> {
  const giveUp = Date.now() + 30_000;
  for (;;) {
    const text = await metrics(url);
    if (lines.every((line) => text.includes(`${line}\n`)) || Date.now() > giveUp) return text;
    await Bun.sleep(20);
  }
}

slow("waiting for a receipt holds up no other section", async () => {
  const standIn = await startStandIn(holding("BARCODE", "T3"));
  using space = workspace();
  space.write("assets.csv", rows(30));
  const second = section.replace("csv_assets", "csv_assets.two");
  const schedule = "schedule = every 1d\n";
  space.write("config.ini", oomnitzaSection(standIn) + section + schedule + second + schedule);
  await using service = await listen(space, ["--singleton", "0"]);
  await service.until(
    "both sections",
    () => standIn.state.portions.filter(({ finalized }) => finalized).length === 2,
  );
  expect(standIn.state.portions.every(({ processing }) => processing === 30)).toBe(true);
  expect(await metrics(service.url)).not.toContain("agent_receipts_total{");
  standIn.state.process();
  const names = ["csv_assets", "csv_assets.two"];
  const text = await metricsWith(
    service.url,
    names.map((name) => `agent_receipts_total{section="${name}",state="reported"} 1`),
  );
  for (const name of names) {
    expect(text).toContain(`agent_receipts_total{section="${name}",state="reported"} 1\n`);
    expect(text).toContain(`agent_records_total{section="${name}",outcome="failed"} 1\n`);
    expect(text).toContain(`agent_stored_records_total{section="${name}",outcome="failed"} 1\n`);
    expect(text).toContain(`agent_read_to_receipt_seconds_count{section="${name}"} 30\n`);
    expect(text).toContain(
      `agent_read_to_receipt_seconds_bucket{section="${name}",le="+Inf"} 30\n`,
    );
    expect(text).toMatch(
      new RegExp(`agent_run_spent_seconds_total\\{section="${name}",part="oomnitza"\\} \\d`),
    );
  }
  await standIn.stop();
});

slow("the webhooks of a section are asked about in groups", async () => {
  await using space = await openServeWorkspace({ standIn: holding("SERIAL", "SN4") });
  await using agent = await listen(space);
  const { standIn } = space;
  for (let device = 1; device <= 5; device++) {
    await agent.post("/casper", eventBody("ComputerAdded", device));
    await agent.until(
      "its upload",
      () => standIn.state.portions.filter(({ finalized }) => finalized).length === device,
    );
  }
  // The first is alone for a while; the others are asked about with it.
  const lists = () => asked(standIn).filter((path) => !path.includes("/connectors/")).length;
  await agent.until("a list", () => lists() > 0);
  const single = new Set(asked(standIn).filter((path) => path.includes("/connectors/")));
  expect(single.size).toBeLessThanOrEqual(1);
  standIn.state.process();
  await agent.until(
    "the receipts",
    () => query(space, "SELECT id FROM runs WHERE awaits_receipt = 0").length === 5,
  );
  await agent.until("the log", () => agent.log().includes("Failed in Oomnitza: SN4"));
  const letters = query(space, "SELECT record, reason FROM dead_letters");
  expect(letters).toEqual([{ record: "SN4", reason: "SERIAL SN4 is refused" }]);
  const reported = 'agent_receipts_total{section="casper",state="reported"} 5';
  const text = await metricsWith(agent.url, [reported]);
  expect(text).toContain(`${reported}\n`);
  expect(text).toContain('agent_webhook_to_receipt_seconds_count{section="casper"} 5\n');
});

slow("a stop does not wait for receipts, and the next start asks for them", async () => {
  await using space = await openServeWorkspace({ standIn: holding("SERIAL", "SN1") });
  const { standIn } = space;
  {
    await using agent = await listen(space);
    await agent.post("/casper", eventBody("ComputerAdded", 1));
    await agent.until("its upload", () => standIn.state.portions[0]?.finalized === true);
    expect(await agent.stop()).toBe(0);
  }
  expect(query(space, "SELECT id FROM runs WHERE awaits_receipt = 1")).toHaveLength(1);
  standIn.state.process();
  await using agent = await listen(space);
  await agent.post("/casper", eventBody("ComputerAdded", 2));
  await agent.until("the letter", () => query(space, "SELECT id FROM dead_letters").length === 1);
});
