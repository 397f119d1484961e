/**
 * `agent sources`: what can be read, configured and mapped.
 *
 * @module
 */

import { closest } from "fastest-levenshtein";
import { UsageError } from "../base/errors.ts";
import { optionsOfSource } from "../config/declared.ts";
import { describeSource } from "../describe/source_json.ts";
import { helpSource, helpSources } from "../describe/help.ts";
import { findSource, sources } from "../sources/mod.ts";
import { defineCommand, exitCodes } from "./command.ts";

/** Lists the sources, or shows everything about one. */
export const sourcesCommand = defineCommand({
  name: "sources",
  summary: "List the sources, or show what can be configured and mapped for one.",
  positionals: {
    usage: "[NAME]",
    names: "sources",
    help: "A source, for example csv_assets.",
    minimum: 0,
    maximum: 1,
  },
  flags: {},
  examples: [
    { line: "agent sources", does: "list the sources" },
    { line: "agent sources csv_users", does: "show the options of one" },
  ],
  run(context, _flags, [name]) {
    if (name === undefined) {
      context.print(
        context.global.output === "json"
          ? JSON.stringify(summaries(), null, 2)
          : helpSources(sources),
      );
      return Promise.resolve(exitCodes.ok);
    }
    const source = findSource(name.split(".", 1)[0] ?? name);
    if (source === undefined) {
      const near = closest(name, sources.map((known) => known.name));
      throw new UsageError(`There is no source "${name}"`, { hint: `Did you mean ${near}?` });
    }
    context.print(
      context.global.output === "json"
        ? JSON.stringify(describeSource(source, optionsOfSource(source)), null, 2)
        : helpSource(source),
    );
    return Promise.resolve(exitCodes.ok);
  },
});

function summaries(): unknown {
  return sources.map(({ name, title, kind, summary }) => ({ name, title, kind, summary }));
}
