/**
 * `agent stand-in`: a stand-in for an Oomnitza instance, to try the agent with.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "../base/errors.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { StandInOptions } from "../stand_in/mod.ts";
import { defineCommand, exitCodes } from "./command.ts";

const flags = {
  "port": opt.integer("Port to listen on, on loopback only. 0 takes a free one.", {
    default: 8765,
    maximum: 65_535,
  }),
  "token": opt.secret(
    "API token that it accepts. By default, a random one is generated and shown.",
    {
      default: "",
    },
  ),
  "username": opt.text("Login name that it accepts.", { default: "" }),
  "password": opt.secret("Password for that login name.", { default: "" }),
  "api": opt.choice("Which upload APIs it has.", ["both", "v2", "v3"], { default: "both" }),
  "mappings": opt.path(
    "JSON file with the field mappings that it keeps: mapping name → source path → field.",
    {
      default: "",
    },
  ),
  "locations": opt.path("JSON file with the list of locations that it keeps.", { default: "" }),
  "fields": opt.path(
    "JSON file with what it knows about fields: kind → field → type, values, unique.",
    { default: "" },
  ),
  "process-after": opt.integer(
    "Milliseconds between taking records in by API v3 and processing them.",
    { default: 0, maximum: 3_600_000 },
  ),
  "outcomes": opt.path("JSON file with the records that are refused or skipped in processing.", {
    default: "",
  }),
  "run-log": opt.choice(
    "Who finds an upload in its run log: everyone, only those who have its number, nobody (denied), or it has none (absent).",
    ["given", "number", "denied", "absent"],
    { default: "given" },
  ),
} as const;

const mappingsSchema = z.record(
  z.string(),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
);
const locationsSchema = z.array(z.record(z.string(), z.unknown()));
const fieldSchema = z.strictObject({
  type: z.enum(["text", "number", "date", "dropdown"]),
  values: z.array(z.string()).optional(),
  unique: z.boolean().optional(),
});
const fieldsSchema = z.strictObject({
  assets: z.record(z.string(), fieldSchema).optional(),
  users: z.record(z.string(), fieldSchema).optional(),
});
const outcomesSchema = z.array(z.strictObject({
  outcome: z.enum(["failed", "skipped"]),
  text: z.string(),
  field: z.string().optional(),
  values: z.array(z.union([z.string(), z.number()])).optional(),
  share: z.number().min(0).max(1).optional(),
}));

interface JsonFile<T> {
  readonly flag: string;
  /** Absolute; empty when there is none. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
}

function readJson<T>({ flag, path, schema }: JsonFile<T>): T | undefined {
  if (path === "") return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read --${flag} ${path}`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not a JSON file" : `does not hold ${flag}`;
    throw new UsageError(`--${flag} ${path} ${what}`, { cause: error });
  }
}

function readOptions(values: Values<typeof flags>, directory: string): StandInOptions {
  const read = <T>(flag: "mappings" | "locations" | "fields" | "outcomes", schema: z.ZodType<T>) =>
    readJson({ flag, path: values[flag] === "" ? "" : resolve(directory, values[flag]), schema });
  const runLog = values["run-log"];
  return {
    port: values.port,
    token: values.token === "" ? undefined : values.token,
    username: values.username === "" ? undefined : values.username,
    password: values.password === "" ? undefined : values.password,
    apiVersions: values.api === "both" ? undefined : [values.api],
    mappings: read("mappings", mappingsSchema),
    locations: read("locations", locationsSchema),
    fields: read("fields", fieldsSchema),
    processing: { delayMs: values["process-after"], rules: read("outcomes", outcomesSchema) },
    access: { runLog: runLog === "number" ? "given" : runLog },
    knowsUploadIds: runLog !== "number",
  };
}

/** Runs a stand-in until it is stopped. */
export const standIn = defineCommand({
  name: "stand-in",
  summary: "Run a local stand-in for an Oomnitza instance, to try the agent with.",
  details:
    `It listens on loopback only, keeps what it gets in memory, shows it on a web page, and stops with Ctrl-C.

It is strict: a request that an instance would not understand is refused with a reason.

It answers for what it stored: lists of assets and people, who changed what, and the run log, which tells what became of the records of an upload.`,
  flags,
  examples: [
    { line: "agent stand-in", does: "run it and show the address and the token" },
    { line: "agent stand-in --api v2", does: "stand in for an instance without the newer API" },
    {
      line: "agent stand-in --process-after 5000 --outcomes outcomes.json",
      does: "process uploads five seconds later, and refuse some records then",
    },
  ],
  async run(context, values) {
    // The web server is loaded for this command only.
    const { startStandIn } = await import("../stand_in/mod.ts");
    const instance = startStandIn(readOptions(values, context.directory));
    const json = JSON.stringify({ url: instance.url, token: instance.token });
    const text =
      `Stand-in Oomnitza at ${instance.url}\nAPI token: ${instance.token}\nStop it with Ctrl-C.`;
    context.print(context.global.output === "json" ? json : text);
    await new Promise<void>((end) => {
      if (context.signal.aborted) end();
      else context.signal.addEventListener("abort", () => end(), { once: true });
    });
    await instance.stop();
    return exitCodes.ok;
  },
});
