/**
 * `agent explain`: one record from its source to what would be sent.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { Skipped } from "../base/record.ts";
import type { Plan } from "../config/plan.ts";
import { opt } from "../sdk/option.ts";
import {
  explain as explainRecord,
  type ExplainedField,
  type Explanation,
  isMeant,
  readRecords,
} from "../sync/read/explain.ts";
import { valueOf } from "../transform/mapping.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { choose, withPlan } from "../app/configuration.ts";
import { openSession } from "./session.ts";
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
  const text = JSON.stringify(value ?? null);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function inMs(ms: number | null): string {
  return ms === null ? "" : `${ms.toFixed(1)} ms`;
}

function rowOf({ mapping, input, output, ms, failed }: ExplainedField): string[] {
  const converter = mapping.spec.converter ?? "";
  return [
    mapping.field,
    valueOf(mapping),
    short(input),
    converter,
    failed === null ? short(output) : `failed: ${failed}`,
    inMs(ms),
    mapping.origin,
  ];
}

function textOf(found: Explanation): string {
  const { filter, fields, verdict, reason, request, record, section, identity } = found;
  const filtered = filter === undefined
    ? "none"
    : `${filter.verdict}${filter.reason === null ? "" : `: ${filter.reason}`} in ${
      inMs(filter.ms)
    }`;
  const head = ["FIELD", "VALUE FROM", "FOUND", "CONVERTER", "RESULT", "TIME", "SAID BY"];
  const sent = request === null
    ? `not sent, ${verdict}: ${reason}`
    : `would be sent\nPOST ${request.path}\n${JSON.stringify(request.payload, null, 2)}`;
  return [
    `[${section}] ${identity === "" ? "(no sync field)" : identity}`,
    `source record\n${JSON.stringify(record, null, 2)}`,
    `record filter: ${filtered}`,
    `mappings\n${table([head, ...fields.map(rowOf)])}`,
    sent,
  ].join("\n\n");
}

/** The record, when it is there, and what was read until then. */
interface Found {
  readonly found: Explanation | undefined;
  readonly read: number;
  readonly unreadable: number;
}

async function find(
  context: CommandContext,
  plan: Plan,
  name: string,
  key: string,
): Promise<Found> {
  const { chosen } = choose(context, plan, [name]);
  const session = await openSession(context, plan, chosen);
  const [prepared] = await session.prepare();
  if (prepared === undefined) return { found: undefined, read: 0, unreadable: 0 };
  const { oomnitza, http } = session;
  const { log, redactor, signal } = context;
  const apiVersion = plan.oomnitza?.api_version ?? "auto";
  const converters = { log, signal, oomnitza, http };
  let read = 0;
  let unreadable = 0;
  for await (
    const item of readRecords(prepared, { signal, redactor, workers: 1, converters, apiVersion })
  ) {
    if (item instanceof Skipped) {
      unreadable++;
      prepared.log.error(`Unreadable: ${item.identity}: ${item.reason}`);
      continue;
    }
    read++;
    if (!isMeant(key, item)) continue;
    return { found: await explainRecord(prepared, item, apiVersion), read, unreadable };
  }
  signal.throwIfAborted();
  return { found: undefined, read, unreadable };
}

/** Explains what becomes of one record. */
export const explain = defineCommand({
  name: "explain",
  summary: "Show what becomes of one record: filter, mappings, converters, and what would be sent.",
  details:
    "The source is read until the record is found, and nothing is sent. Every converter runs on its own, so that its time and its result can be seen. The output holds the whole record.",
  positionals: { usage: "NAME", help: "An enabled section.", minimum: 1, maximum: 1 },
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
    const { found, read, unreadable } = await withPlan(
      context,
      [name],
      (plan) => find(context, plan, name, key),
    );
    if (found === undefined) {
      const rest = unreadable === 0 ? "" : `, ${unreadable} could not be read`;
      context.log.error(`[${name}] has no record ${key}: ${read} were read${rest}`);
      return exitCodes.failed;
    }
    if (context.global.output === "json") context.print(JSON.stringify(found, null, 2));
    else context.print(textOf(found));
    return exitCodes.ok;
  },
});
