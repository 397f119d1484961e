/**
 * `agent discover`: which paths the records of a source have, and what is mapped of them.
 *
 * @module
 */

import { withConfig } from "../app/configuration.ts";
import { discoverSection } from "../app/discover.ts";
import { opt } from "../sdk/option.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { printDiscovery } from "./discover_output.ts";

const flags = {
  "records": opt.integer("Records to read. 0 reads all.", { default: 1000 }),
  "csv": opt.flag("Show the paths as CSV, a line for each.", { default: false }),
} as const;

/** How often the line on a terminal changes, in milliseconds. */
const liveIntervalMs = 200;

/** Shows what a source gives. */
export const discoverCommand = defineCommand({
  name: "discover",
  summary: "Show which paths the records of a section have, and which are mapped.",
  details:
    `For every path: what its values are, in how many of the records it has one, how many different ones (up to 1,000), the shape of three of them, and the Oomnitza field that it is mapped to. Letters of an example are x and digits are 9, but for the first of each word.

Then the mapped paths that no record has a value for, the fields of Oomnitza that are not mapped, and suggestions with their reasons. Oomnitza is asked for its fields; when it does not tell, that is said, and the rest is shown all the same.

The source is read in a stream and nothing is sent. Of a list, the list and its first element are shown: disks and disks.0.size.`,
  positionals: {
    usage: "NAME",
    names: "sections",
    help: "An enabled section.",
    minimum: 1,
    maximum: 1,
  },
  flags,
  examples: [
    { line: "agent discover casper", does: "look at the first 1,000 computers" },
    { line: "agent discover okta --records 0 --output json", does: "look at all, for a program" },
    { line: "agent discover csv_assets --csv > paths.csv", does: "the paths for a spreadsheet" },
  ],
  async run(context, values, [section = ""]) {
    const isLive = context.isTerminal && !context.global.quiet;
    let shown = 0;
    function onRead(records: number): void {
      if (!isLive || performance.now() - shown < liveIntervalMs) return;
      shown = performance.now();
      context.status(`${section}: ${records} read`);
    }
    const request = { section, count: values.records, onRead };
    try {
      const found = await withConfig(
        context,
        [section],
        (config) => discoverSection(context, config, request),
      );
      context.status(undefined);
      printDiscovery(context, found, values.csv);
      return found.unreadable > 0 ? exitCodes.failed : exitCodes.ok;
    } finally {
      context.status(undefined);
    }
  },
});
