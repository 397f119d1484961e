/**
 * `agent explain`: one record from its source to what would be sent.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { neutralise } from "../logging/log.ts";
import { UsageError } from "../base/errors.ts";
import { withConfig } from "../app/configuration.ts";
import { explainRecord } from "../app/preview.ts";
import { opt } from "../sdk/option.ts";
import type { ExplainedField, Explanation } from "../sync/read/explain.ts";
import { describeValueSource } from "../transform/mapping.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { table } from "./table.ts";

const flags = {
  "record": opt.text(
    "Which record: the value of its sync field in Oomnitza, or PATH=VALUE with a value of the source's record.",
    { default: "" },
  ),
} as const;

/** Characters of a value that a row shows; --output json shows all of it. */
const shownLength = 60;

function short(value: unknown): string {
  const text = stringifyExactJson(value ?? null);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function inMs(ms: number | null): string {
  return ms === null ? "" : `${ms.toFixed(1)} ms`;
}

function formatFieldRow(
  { mapping, input, output, ms, failed, volatile }: ExplainedField,
): string[] {
  const converter = mapping.spec.converter ?? "";
  return [
    volatile ? `${mapping.field} (volatile)` : mapping.field,
    describeValueSource(mapping),
    short(input),
    converter,
    failed === null ? short(output) : `failed: ${failed}`,
    inMs(ms),
    mapping.origin,
  ];
}

function explanationText(found: Explanation): string {
  const { filter, fields, outcome, reason, request, record, section, identity } = found;
  const filtered = filter === undefined
    ? "none"
    : `${filter.outcome}${filter.reason === null ? "" : `: ${filter.reason}`} in ${
      inMs(filter.ms)
    }`;
  const head = ["FIELD", "VALUE FROM", "FOUND", "CONVERTER", "RESULT", "TIME", "ORIGIN"];
  const sent = request === null
    ? neutralise(`not sent, ${outcome}: ${reason}`)
    : `would be sent\nPOST ${request.path}\n${stringifyExactJson(request.payload, 2)}`;
  return [
    neutralise(`[${section}] ${identity === "" ? "(no sync field)" : identity}`),
    `source record\n${stringifyExactJson(record, 2)}`,
    neutralise(`record filter: ${filtered}`),
    `mappings\n${table([head, ...fields.map(formatFieldRow)])}`,
    sent,
  ].join("\n\n");
}

/** Explains how one record is processed. */
export const explain = defineCommand({
  name: "explain",
  summary:
    "Show how one record is processed: filter, mappings, converters, and what would be sent.",
  details:
    "The source is read until the record is found, and nothing is sent. Every converter runs on its own, so that its time and its result can be seen. The output holds the whole record.",
  positionals: {
    usage: "NAME",
    names: "sections",
    help: "An enabled section.",
    minimum: 1,
    maximum: 1,
  },
  flags,
  examples: [
    {
      line: "agent explain casper --record C02XK0AA",
      does: "explain a computer by its sync field",
    },
    {
      line: "agent explain okta --record profile.email=ann@example.com --output json",
      does: "explain a person by a value of the source, for a program",
    },
  ],
  async run(context, values, [name = ""]) {
    const key = values.record;
    if (key === "") {
      throw new UsageError("explain needs --record", {
        hint: "For example --record C02XK0AA, or --record PATH=VALUE.",
      });
    }
    const { explanation, read, unreadable } = await withConfig(
      context,
      [name],
      (config) => explainRecord(context, config, { section: name, record: key }),
    );
    if (explanation === undefined) {
      const more = unreadable === 0 ? "" : `, ${unreadable} could not be read`;
      if (context.global.output === "json") context.print("null");
      context.log.error(`[${name}] has no record ${key}: ${read} were read${more}`);
      return exitCodes.failed;
    }
    if (context.global.output === "json") context.print(stringifyExactJson(explanation, 2));
    else context.print(explanationText(explanation));
    return exitCodes.ok;
  },
});
