/**
 * `agent stand-in`: a stand-in for an Oomnitza instance, to try the agent with.
 *
 * @module
 */

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

async function readOptions(
  values: Values<typeof flags>,
  directory: string,
): Promise<StandInOptions> {
  const { readStandInFiles } = await import("./stand_in_files.ts");
  const { rules, ...files } = readStandInFiles(values, directory);
  const runLog = values["run-log"];
  return {
    port: values.port,
    token: values.token === "" ? undefined : values.token,
    username: values.username === "" ? undefined : values.username,
    password: values.password === "" ? undefined : values.password,
    apiVersions: values.api === "both" ? undefined : [values.api],
    ...files,
    processing: { delayMs: values["process-after"], rules },
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
    const instance = startStandIn(await readOptions(values, context.directory));
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
