/**
 * `agent stand-in`: a stand-in for an Oomnitza instance, for trying and testing.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { StandInOptions } from "../stand_in/mod.ts";
import { defineCommand, exitCodes } from "./command.ts";

const flags = {
  "port": opt.integer("Port to listen on, on loopback only. 0 takes a free one.", {
    default: 8765,
    maximum: 65_535,
  }),
  "token": opt.secret("API token that it accepts. By default it makes one up and shows it.", {
    default: "",
  }),
  "username": opt.text("Login name that it accepts.", { default: "" }),
  "password": opt.secret("Password that goes with it.", { default: "" }),
  "api": opt.choice("Which upload APIs it has.", ["both", "v2", "v3"], { default: "both" }),
  "mappings": opt.path(
    "JSON file with the field mappings that it keeps: mapping name → source path → field.",
    {
      default: "",
    },
  ),
  "locations": opt.path("JSON file with the list of locations that it keeps.", { default: "" }),
  "faults": opt.text("What it does wrong, as JSON; see docs/cli.md.", { default: "" }),
  "token-uses": opt.integer("Requests that a login token is good for. 0 means any number.", {
    default: 0,
  }),
  "keep": opt.choice("Whether it keeps the records or only counts them.", ["all", "counts"], {
    default: "all",
  }),
  "cert": opt.path("Certificate for HTTPS, PEM.", { default: "" }),
  "key": opt.path("Its private key, PEM.", { default: "" }),
} as const;

/** Reads the file that a flag names. */
type ReadText = (flag: string, path: string) => string;

function readText(directory: string, flag: string, path: string): string {
  try {
    return readFileSync(resolve(directory, path), "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read --${flag} ${path}`, { cause: error });
  }
}

function readJson<T>(read: ReadText, flag: string, path: string): T | undefined {
  if (path === "") return undefined;
  try {
    return JSON.parse(read(flag, path)) as T;
  } catch (error) {
    throw new UsageError(`--${flag} ${path} is not a JSON file`, { cause: error });
  }
}

function faultsOf(text: string, parse: (value: unknown) => StandInOptions["faults"]) {
  if (text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError("--faults is not JSON", { cause: error });
  }
  return parse(value);
}

function optionsFrom(values: Values<typeof flags>, read: ReadText): StandInOptions {
  if ((values.cert === "") !== (values.key === "")) {
    throw new UsageError("--cert and --key go together");
  }
  return {
    port: values.port,
    token: values.token === "" ? undefined : values.token,
    username: values.username === "" ? undefined : values.username,
    password: values.password === "" ? undefined : values.password,
    apiVersions: values.api === "both" ? undefined : [values.api],
    mappings: readJson(read, "mappings", values.mappings),
    locations: readJson(read, "locations", values.locations),
    tokenLifetime: values["token-uses"] === 0 ? undefined : values["token-uses"],
    keep: values.keep,
    tls: values.cert === ""
      ? undefined
      : { cert: read("cert", values.cert), key: read("key", values.key) },
  };
}

/** Runs a stand-in until it is stopped. */
export const standIn = defineCommand({
  name: "stand-in",
  summary: "Run a local stand-in for an Oomnitza instance, to try the agent and to test with.",
  details:
    `It listens on loopback only, keeps what it gets in memory, shows it on a web page and as JSON under /stand-in/, and is gone with Ctrl-C.

It is strict: a request that an instance would not understand is refused with a reason.`,
  flags,
  examples: [
    { line: "agent stand-in", does: "run it and show the address and the token" },
    { line: `agent stand-in --faults '{"failRate": 0.2}'`, does: "let every fifth request fail" },
  ],
  async run(context, values) {
    // The web server is loaded for this command only.
    const { parseFaults, startStandIn } = await import("../stand_in/mod.ts");
    const faults = faultsOf(values.faults, parseFaults);
    const instance = await startStandIn({
      ...optionsFrom(values, (flag, path) => readText(context.directory, flag, path)),
      faults,
    });
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
