/**
 * A process of the benchmark of starts: asks for each start that is due, of each tenant in their order, and runs
 * what nobody started before. Prints, for each that it ran, the tenant and the milliseconds since it was told to
 * begin, as JSON.
 *
 * Arguments: URL, JSON of the sections that are due by tenant, when that was.
 *
 * @module
 */
import { openPg } from "../src/state/postgres/pg.ts";
import type { PgState } from "../src/state/postgres/state.ts";
import { parsePgUrl } from "../src/state/postgres/target.ts";
import { openTenant, uploadSection } from "./scale_load.ts";

const [url = "", sections = "{}", due = ""] = process.argv.slice(2);
const pg = openPg(parsePgUrl(url), { connections: 4, milliseconds: 120_000 });
const byTenant = Object.entries(JSON.parse(sections) as Record<string, number>);
const states: PgState[] = [];
for (const [tenant] of byTenant) states.push(await openTenant(pg, tenant));
console.log("ready");
await Bun.stdin.text();
const began = performance.now();

async function startSections(state: PgState, tenant: string, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const section = `section ${at}`;
    if (!await state.claimStart(section, new Date(due))) continue;
    const hold = await state.holdSection(section);
    if (hold.kind === "busy") throw new Error(`${tenant}: ${section} was started and is held`);
    await uploadSection(state, section, { first: 0, batches: 1, group: 1 });
    await hold.release();
    console.log(JSON.stringify({ tenant, ms: Math.round(performance.now() - began) }));
  }
}

await Promise.all(
  states.map((state, at) => {
    const [tenant = "", count = 0] = byTenant[at] ?? [];
    return startSections(state, tenant, count);
  }),
);
for (const state of states) await state.close();
await pg.close();
