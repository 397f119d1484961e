/**
 * Assets from CSV files.
 *
 * @module
 */

import {
  checkCsv,
  csvOptions,
  csvRule,
  defineSource,
  findMissingColumns,
  isSerialName,
  readCsvFiles,
  syncField,
} from "../../sdk/mod.ts";

/** Reads assets from one CSV file or from all CSV files of a directory. */
export const csvAssets = defineSource({
  name: "csv_assets",
  title: "CSV assets",
  kind: "assets",
  summary: "Assets from one CSV file, or from all CSV files in a directory.",
  mappingName: "CSV_assets",
  options: { ...csvOptions, sync_field: syncField("BARCODE") },
  mappings: {},
  isSerial: isSerialName,
  rule: (options) => csvRule(options),
  check: (context) => checkCsv(context),
  findMissing: (context) => findMissingColumns(context),
  records: (context) => readCsvFiles(context),
});
