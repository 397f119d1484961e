/**
 * Fills the baselines of many tenants inside the server, with rows as the agent writes them: those of one record
 * that it wrote are taken again, with another number.
 *
 * @module
 */
import type { Postgres } from "../test/support/postgres.ts";
import { sendAll } from "./records_load.ts";
import { fold, openDoor, schema, withTenants } from "./scale_load.ts";

/** A tenant with so many records in its section `devices`. */
export interface Filled {
  readonly tenant: string;
  readonly records: number;
}

/** The number of the record that the others are made of; no other text of a record has it. */
const templateNumber = 7_654_321;
const template = "template";
/** Sessions that fill at a time. */
const sessions = 2;
/** Tenants of one statement: none of them may take the disk for its sort. */
const tenantsAtOnce = 100;

/** Writes the record that the others are made of, with an identity. */
export async function writeTemplate(server: Postgres): Promise<void> {
  const pg = openDoor(server, 2);
  await withTenants(pg, [template], async ([state]) => {
    if (state === undefined) return;
    await sendAll(state, { first: templateNumber, count: 1, hasIds: true });
    await fold(state, "devices");
  }).finally(() => pg.close());
}

/** Fills some tenants, in their order. Those at odd places have identities, the others none. */
export async function fill(server: Postgres, tenants: readonly Filled[]): Promise<void> {
  // What is lost in a crash would be filled again.
  const settings = ["fsync", "full_page_writes"];
  await server.psql(
    settings.map((name) => `ALTER SYSTEM SET ${name} = off;`).join("\n") +
      "ALTER SYSTEM SET max_wal_size = '4GB';\nSELECT pg_reload_conf();",
  );
  const groups: Filled[][] = [];
  for (const [at, each] of tenants.entries()) {
    const group = groups[Math.floor(at / tenantsAtOnce)] ??= [];
    group.push(each);
  }
  const work = async () => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      await server.psql(`\\c agent\n${statementsFor(group)}`);
    }
  };
  await Promise.all(Array.from({ length: sessions }, work));
  await server.psql(
    [...settings, "max_wal_size"].map((name) => `ALTER SYSTEM RESET ${name};`).join("\n") +
      `SELECT pg_reload_conf();\nCHECKPOINT;\n\\c agent\nVACUUM ANALYZE ${schema}.fingerprints;`,
  );
}

function statementsFor(group: readonly Filled[]): string {
  const rows = group.map(({ tenant, records }, at) => `('${tenant}', ${records}, ${at % 2 === 1})`);
  const numbered = (column: string) => `replace(${column}, '${templateNumber}', number::text)`;
  return `CREATE TEMPORARY TABLE filled (tenant text, records int8, identified bool);
INSERT INTO filled VALUES ${rows.join(", ")};
INSERT INTO ${schema}.destinations (tenant, destination)
  SELECT filled.tenant, destination FROM filled, ${schema}.destinations AS known
    WHERE known.tenant = '${template}';
INSERT INTO ${schema}.baselines (tenant, section, destination, full_run, answer, answer_run, other_answer, last_seq)
  SELECT filled.tenant, section, destinations.id, full_run, answer, answer_run, other_answer, records
    FROM filled JOIN ${schema}.destinations ON destinations.tenant = filled.tenant,
      ${schema}.baselines AS known WHERE known.tenant = '${template}';
INSERT INTO ${schema}.fingerprints
    (tenant, section, digest, seq, key, fields, vals, run, must_send, missed, identity)
  SELECT filled.tenant, section, substring(sha256(convert_to(made.key, 'UTF8')) FOR 16), number + 1, made.key,
      fields, ${numbered("vals")}, run, must_send, missed,
      CASE WHEN identified THEN ${numbered("identity")} END
    FROM filled, ${schema}.fingerprints AS known, generate_series(0, records - 1) AS number,
      LATERAL (SELECT ${numbered("key")} AS key) AS made
    WHERE known.tenant = '${template}';`;
}
