/**
 * The data of the benchmarks: a CSV file, a configuration that maps it, and the bodies that result.
 *
 * @module
 */
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Columns of the benchmark file. */
const columns = 12;

/** Folder for generated files, outside git. */
export const folder = join(import.meta.dir, "..", "build", "bench");

function cell(row: number, column: number): string {
  if (column === 0) return `TAG-${row}`;
  if (column === 1) return `user${row % 5000}@example.com`;
  if (column === 2) return `Given${row % 700} Family${row % 900}`;
  if (column === 3) return `202${row % 6}-0${1 + row % 9}-1${row % 9}`;
  return `value ${column} of row ${row}`;
}

/** The CSV file with so many rows, written once. */
export async function csvFile(rows: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rows-${rows}.csv`);
  if (existsSync(path)) return path;
  const stream = createWriteStream(path);
  stream.write(`${Array.from({ length: columns }, (_, column) => `column ${column}`).join(",")}\n`);
  for (let row = 0; row < rows; row++) {
    const line = Array.from({ length: columns }, (_, column) => cell(row, column)).join(",");
    if (!stream.write(`${line}\n`)) await new Promise((done) => stream.once("drain", done));
  }
  await new Promise<void>((done) => stream.end(done));
  return path;
}

/** Bodies of a custom converter, one for each language; and some that need the interpreter. */
const bodies = {
  javascript: `    // language: javascript
    const [year, month] = record["column 3"].split("-");
    return year > "2022" ? \`\${month}/\${year}\` : value.toUpperCase();`,
  python: `    # language: python
    year, month = record["column 3"].split("-")[:2]
    if year > "2022":
        return "%s/%s" % (month, year)
    return value.upper()`,
  "javascript, interpreted": `    // language: javascript
    const [, year, month] = /^(\\d+)-(\\d+)/.exec(record["column 3"]);
    return year > "2022" ? \`\${month}/\${year}\` : value.toUpperCase();`,
  "python, try": `    # language: python
    try:
        year, month = record["column 3"].split("-")[:2]
    except ValueError:
        return None
    if year > "2022":
        return "%s/%s" % (month, year)
    return value.upper()`,
  "python, errors": `    # language: python
    try:
        return int(record["column 4"])
    except ValueError:
        return value.upper()`,
  "python, interpreted": `    # language: python
    found = [part for part in record["column 3"].split("-")][:2]
    if found[0] > "2022":
        return "%s/%s" % (found[1], found[0])
    return value.upper()`,
} as const;

/** What a custom converter of the benchmark is written in, and whether it needs the interpreter. */
export type BenchLanguage = keyof typeof bodies;

/** The configuration: ten mappings, three with built-in converters, on request one with a custom one. */
export function iniFile(csv: string, url: string, token: string, language?: BenchLanguage): string {
  const path = join(folder, "config.ini");
  const plain = [4, 5, 6, 7, 8, 9].map((column) => `mapping.FIELD_${column} = column ${column}`);
  const own = language === undefined ? "" : `
mapping.OWN = {"source": "column 4", "converter": "own"}

[converters]
own:
${bodies[language]}
`;
  writeFileSync(
    path,
    `[oomnitza]
url = ${url}
api_token = ${token}

[csv_assets]
enable = True
filename = ${csv}
sync_field = BARCODE
mapping.BARCODE = column 0
mapping.OWNER = {"source": "column 1", "converter": "split_email"}
mapping.NAME = {"source": "column 2", "converter": "first_from_full"}
mapping.DATE = {"source": "column 3", "converter": "date_format"}
${plain.join("\n")}
${own}`,
  );
  return path;
}

/** One mapped record, as the configuration above makes it. */
function outgoing(row: number): Record<string, unknown> {
  const record: Record<string, unknown> = {
    BARCODE: cell(row, 0),
    OWNER: cell(row, 1).split("@")[0],
    NAME: cell(row, 2).split(" ")[0],
    DATE: Date.parse(cell(row, 3)) / 1000,
  };
  for (const column of [4, 5, 6, 7, 8, 9]) record[`FIELD_${column}`] = cell(row, column);
  return record;
}

/** The body of one request of API v3 with the rows from `first`. */
export function body(first: number, size: number, portion: string): string {
  return JSON.stringify({
    connector_version: "bench",
    connector_name: "CSV_assets",
    sync_field: ["BARCODE"],
    records: Array.from({ length: size }, (_, index) => outgoing(first + index)),
    portion,
    data_type: "assets",
    insert_only: false,
    update_only: false,
  });
}
