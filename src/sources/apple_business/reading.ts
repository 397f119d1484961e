/**
 * Devices of Apple Business, with the parts that are asked for one by one.
 *
 * @module
 */

import { itemsOf, type SourceItem, type SourceRecord, type Wanted } from "../../sdk/mod.ts";
import type { Context } from "./access.ts";
import { listDevices, loadCoverage, loadServers } from "./client.ts";
import { chooseCoverage, toRecord } from "./record.ts";

/** Whether anybody looks at one of some parts of the record. */
function reads({ everything, paths }: Wanted, ...segments: readonly string[]): boolean {
  return everything || paths.some((path) => segments.includes(path.split(".", 1)[0] ?? ""));
}

async function withCoverage(context: Context, record: SourceRecord): Promise<SourceRecord> {
  const appleCareCoverage = await loadCoverage(context, `${record.id}`);
  return { ...record, appleCareCoverage, coverage: chooseCoverage(appleCareCoverage) ?? {} };
}

/** All devices, page after page, with their server and coverage where somebody looks at them. */
export async function* readDevices(context: Context): AsyncGenerator<SourceItem> {
  const { wanted } = context;
  const servers = reads(wanted, "assignedServer") ? await loadServers(context) : undefined;
  const readsCoverage = reads(wanted, "appleCareCoverage", "coverage");
  async function* recordPages(): AsyncGenerator<SourceRecord[]> {
    for await (const devices of listDevices(context)) {
      yield devices.map(({ id, attributes }): SourceRecord => ({
        ...toRecord(id, attributes ?? {}),
        ...(servers === undefined ? {} : { assignedServer: servers.get(id) ?? {} }),
      }));
    }
  }
  yield* readsCoverage
    ? context.each(
      itemsOf(recordPages()),
      (record) => withCoverage(context, record),
      ({ id }) => `device ${id}`,
    )
    : recordPages();
}
