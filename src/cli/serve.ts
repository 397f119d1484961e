/**
 * `agent serve`: listens for webhooks and uploads what they are about, and runs sections by schedule.
 *
 * @module
 */

import { withConfig } from "../app/configuration.ts";
import { defaultWorkers } from "../app/context.ts";
import { UsageError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { version } from "../runtime/version.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { Listening } from "../daemon/mod.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { parallelFlag, uploadFlags } from "./flags.ts";
import { tenantFolders } from "./paths.ts";
import { showMappings } from "./show_mappings.ts";

const flags = {
  "host": opt.text("Address to listen on.", { default: "127.0.0.1" }),
  "port": opt.integer("Port to listen on. 0 takes a free one.", {
    default: 8000,
    maximum: 65_535,
  }),
  "workers": opt.integer(
    "Maximum number of devices fetched concurrently, and of concurrent requests to Oomnitza, per section.",
    { default: defaultWorkers, maximum: 256 },
  ),
  "singleton": opt.integer(
    "1 lets a scheduled run wait for another upload with the same state file, 0 does not.",
    { default: 1 },
  ),
  "parallel": parallelFlag(4),
  "show-mappings": uploadFlags["show-mappings"],
  "configs": opt.path(
    "Folder of configuration files, one for each tenant: acme.ini is that of the tenant acme, whose webhooks go to /acme/SECTION. listener.ini in it has [serve] of the listener, and in [state] the spool. With it, --state is the folder of the tenants' states, and --parallel counts for all of them, 16 by default.",
    { default: "" },
  ),
  "testmode": opt.flag(
    "Show what would be sent, as JSON, and send nothing. Events that wait in the state file are left alone.",
    { default: false },
  ),
  "save-data": uploadFlags["save-data"],
} as const;

/** Runs the webhook listener until it is to stop. */
export const serveCommand = defineCommand({
  name: "serve",
  keepsLog: true,
  summary: "Receive webhooks and upload their devices, and run sections by schedule.",
  details:
    `The last part of the path is the section, exactly as in the configuration file: POST /anything/casper.MDM. An event is answered with 204 once it is safe in the state file; what it is about is then fetched by its id and uploaded. Who may post is set in [serve].

Enabled sections with schedule are run when they are due, up to --parallel side by side; the command schedule shows when that is.

GET /healthz reports whether the service runs, GET /readyz whether it accepts events; GET /metrics returns the metrics. [alerts] configures who is notified of failures. SIGTERM and Ctrl-C stop it gracefully; a second one stops it at once, and loses nothing either.`,
  flags,
  examples: [
    { line: "agent serve", does: "listen on 127.0.0.1:8000" },
    { line: "agent serve --host 0.0.0.0 --port 8443", does: "listen on every address" },
    { line: "agent serve --configs tenants", does: "run every configuration of a folder" },
  ],
  run: (context, values) => {
    context.log.info(`agent ${version}`);
    if (values.configs !== "") return runFolder(context, values);
    return withConfig(context, "all", (config) => run(context, values, config));
  },
});

async function run(
  context: CommandContext,
  values: Values<typeof flags>,
  config: Config,
): Promise<number> {
  if (values["show-mappings"]) return await showMappings(context, config);
  const { testmode } = values;
  if (context.stateFile === undefined && !testmode) {
    throw new UsageError("serve keeps events in the state file, which --no-state leaves out");
  }
  // The web server is loaded for this command only.
  const { runDaemon } = await import("../daemon/mod.ts");
  await runDaemon(context, config, {
    host: values.host,
    port: values.port,
    workers: values.workers,
    parallel: values.parallel,
    isSingle: values.singleton !== 0,
    testmode: testmode ? context.print : undefined,
    saveData: values["save-data"] ? context.directory : undefined,
    onListening: (listening) => testmode || printListening(context, listening),
  });
  return exitCodes.ok;
}

function printListening(
  { global, print }: CommandContext,
  { text, ...address }: Listening,
): void {
  print(global.output === "json" ? JSON.stringify(address) : text);
}

/** Scheduled sections of all tenants that run side by side, unless somebody says otherwise. */
const defaultParallelOfAll = 16;

async function runFolder(context: CommandContext, values: Values<typeof flags>): Promise<number> {
  const { global, signal } = context;
  const given = [
    ...(global.ini === "" ? [] : ["--ini"]),
    ...(global["no-state"] ? ["--no-state"] : []),
    ...(["testmode", "show-mappings", "save-data"] as const)
      .flatMap((flag) => values[flag] ? [`--${flag}`] : []),
  ];
  if (given.length > 0) {
    throw new UsageError(`serve does not take --configs together with ${given.join(" and ")}`, {
      hint: "For one tenant, name its file with --ini and leave --configs out.",
    });
  }
  const { runTenants } = await import("../daemon/mod.ts");
  await runTenants(context, {
    ...tenantFolders(context, values.configs),
    ...{ host: values.host, port: values.port, workers: values.workers },
    parallel: values.parallel ?? defaultParallelOfAll,
    isSingle: values.singleton !== 0,
    onReload: (look) => context.listenForReload(look, signal),
    onListening: (listening) => printListening(context, listening),
  });
  return exitCodes.ok;
}
