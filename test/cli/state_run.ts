/**
 * What the tests of the state file share: sections, rows, and the agent run by other means.
 *
 * @module
 */
import type { Subprocess } from "bun";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { decompress } from "../../src/runtime/compress.ts";
import type { StandIn } from "../support/stand_in/mod.ts";
import { binaryPath } from "../support/binary.ts";
import type { Workspace } from "../support/workspace.ts";

/** A section of two columns. */
export const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
`;

/** So many rows for {@linkcode section}. */
export function rows(count: number, begin = "T"): string {
  const lines = Array.from({ length: count }, (_, row) => `${begin}${row},model ${row}`);
  return `tag,model\n${lines.join("\n")}\n`;
}

/** Starts an upload that the test ends itself. */
export async function startUpload(
  space: Workspace,
  words: readonly string[] = ["csv_assets"],
): Promise<Subprocess<"ignore", "pipe", "pipe">> {
  return Bun.spawn(
    [await binaryPath(), "upload", ...words, "--singleton", "0", "--output", "json"],
    { cwd: space.folder, env: process.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
}

/** What the state file of a workspace holds: rows of a query. */
export function query(space: Workspace, statement: string): Record<string, unknown>[] {
  // A run that was killed early has none.
  if (!space.has("agent-state.sqlite")) return [];
  using database = new Database(join(space.folder, "agent-state.sqlite"), { readonly: true });
  return database.query<Record<string, unknown>, []>(statement).all();
}

/** The bar codes of each batch that waits in the outbox, in order. */
export function waiting(space: Workspace): string[][] {
  const rows = query(
    space,
    "SELECT records FROM outbox WHERE id NOT IN (SELECT batch FROM acknowledged) ORDER BY id",
  );
  return rows.map(({ records }) => {
    const text = decompress(records as Uint8Array);
    return (JSON.parse(text) as { BARCODE: string }[]).map(({ BARCODE }) => BARCODE);
  });
}

/** The keys that a stand-in has, and how often it got records in all. */
export function held({ state }: StandIn, name = "CSV_assets") {
  const records = state.records({ name });
  return {
    keys: new Set(records.map(({ key }) => key)),
    times: records.reduce((sum, record) => sum + record.times, 0),
  };
}

/** Mounts something; only root can. */
export function mount(words: readonly string[]): { unmount(): void } {
  command(["mount", ...words]);
  const target = words.at(-1) ?? "";
  return { unmount: () => command(["umount", target]) };
}

function command(words: readonly string[]): void {
  const run = Bun.spawnSync([...words]);
  if (run.exitCode !== 0) throw new Error(`${words.join(" ")}: ${run.stderr.toString()}`);
}
