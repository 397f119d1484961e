/**
 * `--save-data`: what the source gave and what is posted, as files for looking at.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";
import type { SourceRecord } from "../../base/record.ts";
import type { Redactor } from "../../base/redact.ts";

/** Name of the folder under the working directory, as the Python connector had it. */
export const savedDataFolder = "saved_data";

/** Writes the files of one section. */
export interface DataSaver {
  /** Writes `N.json`, counting from 0. */
  record(record: SourceRecord): void;
  /** Writes `oom.payloadNNN.json`, counting from 000. */
  payload(payload: unknown): void;
}

/**
 * Begins to save data under a directory, with secrets masked. A file that cannot be written is logged and stops nothing.
 */
export function createDataSaver(directory: string, redactor: Redactor, log: Log): DataSaver {
  let records = 0;
  let payloads = 0;
  function write(name: string, value: unknown): void {
    try {
      mkdirSync(directory, { recursive: true });
      // Records hold personal data: only the account that runs the agent may read them.
      // A mapping can send a secret to Oomnitza; it must not lie about here.
      const text = redactor.redact(stringifyExactJson(value, 2));
      writeFileSync(join(directory, name), `${text}\n`, { mode: 0o600 });
      log.debug(`Saved ${name}`);
    } catch (error) {
      log.error(`Cannot save ${name}: ${messageOf(error)}`);
    }
  }
  return {
    record: (record) => write(`${records++}.json`, record),
    payload: (payload) => write(`oom.payload${String(payloads++).padStart(3, "0")}.json`, payload),
  };
}
