/**
 * People from CSV files.
 *
 * @module
 */

import {
  checkCsv,
  csvOptions,
  csvRule,
  defineSource,
  findMissingColumns,
  peopleOptions,
  readCsvFiles,
} from "../../sdk/mod.ts";

/** Reads people from one CSV file or from all CSV files of a directory. */
export const csvUsers = defineSource({
  name: "csv_users",
  title: "CSV users",
  kind: "users",
  summary: "People from one CSV file, or from all CSV files in a directory.",
  mappingName: "CSV_users",
  options: {
    ...csvOptions,
    filename: { ...csvOptions.filename, example: "/some/path/to/file/users.csv" },
    ...peopleOptions,
  },
  mappings: {},
  rule: (options) => csvRule(options),
  check: (context) => checkCsv(context),
  findMissing: (context) => findMissingColumns(context),
  records: (context) => readCsvFiles(context),
});
