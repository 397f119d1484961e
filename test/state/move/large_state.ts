/**
 * A large state file, written row by row, with much in each of its large tables.
 *
 * @module
 */
import { compress } from "../../../src/runtime/compress.ts";
import { openStateFile } from "../../../src/state/file.ts";
import { movedTables } from "../../../src/state/move/tables.ts";

const started = "2026-01-01T00:00:00.000Z";
const upload = "{}";

/**
 * Writes a state file with so many fingerprints, and a tenth as many batches, letters and events; gives how many
 * rows each table has.
 */
export function writeLargeState(path: string, count: number): Record<string, number> {
  const database = openStateFile(path);
  const few = Math.floor(count / 10);
  const records = compress(JSON.stringify([{ TAG: "T1", NAME: "x".repeat(300) }]));
  const runId = (number: number) => `mid0${String(number).padStart(6, "0")}`;
  database.transaction(() => {
    database.run("INSERT INTO destinations (id, destination) VALUES (1, '{}')");
    database.run('INSERT INTO field_lists (id, fields) VALUES (1, \'["TAG","NAME"]\')');
    for (let at = 0; at < 20; at++) {
      database.run(
        "INSERT INTO baselines (id, section, destination, answer) VALUES (?, ?, 1, ?)",
        20 - at,
        `section ${at}`,
        few,
      );
    }
    for (let at = 1; at <= few; at++) {
      database.run(
        `INSERT INTO runs (id, section, origin, owner, started, counts, requests, upload, is_open)
          VALUES (?, ?, 'upload', 'gone', ?, '{}', 0, ?, 1)`,
        runId(at),
        `section ${at % 20}`,
        started,
        upload,
      );
      database.run(
        "INSERT INTO outbox (run, count, records) VALUES (?, 1, ?)",
        runId(at % 50 + 1),
        records,
      );
      database.run(
        `INSERT INTO dead_letters (run, section, at, record, status, reason, payload, upload)
          VALUES (?, 'section 1', ?, ?, 400, 'no', '{}', ?)`,
        runId(1),
        started,
        `T${at}`,
        upload,
      );
      database.run(
        `INSERT INTO inbox (section, key, body, received, due, is_dead, reason)
          VALUES ('section 1', ?, '{}', 1767225600000, 1767225600001, ?, NULL)`,
        `computer ${at}`,
        at % 3 === 0 ? 1 : 0,
      );
      database.run(
        `INSERT INTO answered_batches (section, run, destination, kind, records)
          VALUES ('section 1', ?, 1, 'accepted', ?)`,
        runId(1),
        records,
      );
    }
    database.run(
      "INSERT INTO acknowledged (batch, run) SELECT id, run FROM outbox WHERE id % 7 = 0",
    );
    for (let at = 1; at <= count; at++) {
      database.run(
        `INSERT INTO fingerprints (baseline, key, fields, vals, run, must_send, missed, identity)
          VALUES (?, ?, 1, ?, ?, 0, ?, ?)`,
        at % 20 + 1,
        `["T${at}"]`,
        `["T${at}","a name that is as long as names are, of number ${at}, and some more values"]`,
        runId(1),
        at % 11 === 0 ? 1 : 0,
        at % 2 === 0 ? null : `s:${at}`,
      );
    }
  });
  const rows = movedTables.map(({ name }) => {
    const [row] = database.rows(`SELECT count(*) AS rows FROM ${name}`);
    return [name, Number(row?.rows)] as const;
  });
  database.close();
  return Object.fromEntries(rows);
}
