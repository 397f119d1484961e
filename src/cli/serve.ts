/**
 * `agent serve`: listens for webhooks and uploads what they are about, and runs sections by schedule.
 *
 * @module
 */

import { ConfigError, UsageError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { version } from "../runtime/version.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import type { Service, ServiceSettings } from "../daemon/service.ts";
import { choose, withPlan } from "../app/configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { uploadFlags } from "./flags.ts";
import { openScheduler } from "../daemon/scheduled.ts";
import { openServeState, type ServeState } from "../daemon/state.ts";
import { reusePrepared, watchOver } from "../daemon/process.ts";
import { openWatch, type ServeWatch } from "../daemon/watch.ts";
import { openSession, type Session } from "./session.ts";
import { showMappings } from "./show_mappings.ts";

const flags = {
  "host": opt.text("Address to listen on.", { default: "127.0.0.1" }),
  "port": opt.integer("Port to listen on. 0 takes a free one.", {
    default: 8000,
    maximum: 65_535,
  }),
  "workers": opt.integer(
    "Devices fetched, and requests to Oomnitza under way, at once, per section.",
    { default: 2, maximum: 256 },
  ),
  "singleton": opt.integer(
    "1 lets a scheduled run wait for another upload on this machine, 0 does not.",
    { default: 1 },
  ),
  "show-mappings": uploadFlags["show-mappings"],
  "testmode": opt.flag(
    "Show what would be sent, as JSON, and send nothing. Events that wait in the state file are left alone.",
    { default: false },
  ),
  "save-data": uploadFlags["save-data"],
} as const;

/** Runs the webhook listener until it is told to end. */
export const serveCommand = defineCommand({
  name: "serve",
  keepsLog: true,
  summary:
    "Listen for webhooks and upload the devices that they are about, and run sections by schedule.",
  details:
    `The last part of the path is the section, exactly as in the configuration file: POST /anything/casper.MDM. An event is answered with 204 once it is safe in the state file; what it is about is then fetched by its id and uploaded. Who may post is set in [serve].

Enabled sections with schedule are run when they are due, one after the other; the command schedule shows when that is.

GET /healthz tells whether the service runs, GET /readyz whether it takes events, GET /metrics all that can be counted. [alerts] says who is told of failures. SIGTERM and Ctrl-C end it in good order; a second one ends it at once, and loses nothing either.`,
  flags,
  examples: [
    { line: "agent serve", does: "listen on 127.0.0.1:8000" },
    { line: "agent serve --host 0.0.0.0 --port 8443", does: "listen on every address" },
  ],
  run: (context, values) => {
    context.log.info(`agent ${version}`);
    return withPlan(context, "all", (plan) => run(context, values, plan));
  },
});

/** Addresses that stand for all addresses of the machine, and are none that can be called. */
const wildcards: Readonly<Record<string, string>> = {
  "0.0.0.0": "every IPv4 address",
  "::": "every address",
};

/** Where the service listens, for people. */
function listeningText(host: string, { url, port }: Service): string {
  const every = wildcards[host];
  if (every === undefined) return `Listening on ${url}`;
  return `Listening on ${every} of this machine, port ${port}; on this machine that is ${url}`;
}

function readyText({ global }: CommandContext, host: string, service: Service): string {
  if (global.output !== "json") return listeningText(host, service);
  return JSON.stringify({ url: service.url, host, port: service.port });
}

type ServeFlags = Values<typeof flags>;

async function run(context: CommandContext, values: ServeFlags, plan: Plan): Promise<number> {
  const { chosen } = choose(context, plan, "all");
  if (values["show-mappings"]) {
    return await showMappings(context, await openSession(context, plan, chosen));
  }
  return await listen(context, values, plan, chosen);
}

function checkedOptions(
  { global, log }: CommandContext,
  { testmode }: ServeFlags,
  plan: Plan,
): ServeOptions {
  if (plan.serve === undefined) throw new ConfigError(`Cannot use ${plan.file}`, plan.findings);
  if (global["no-state"] && !testmode) {
    throw new UsageError("serve keeps events in the state file, which --no-state leaves out");
  }
  if (testmode) log.info("Test mode: nothing is sent");
  return plan.serve;
}

async function listen(
  context: CommandContext,
  values: ServeFlags,
  plan: Plan,
  chosen: readonly SectionPlan[],
): Promise<number> {
  const options = checkedOptions(context, values, plan);
  // The web server is loaded for this command only.
  const { checkExposure, startService } = await import("../daemon/service.ts");
  checkExposure(values.host, options);
  using state = openServeState(context, plan, values.testmode);
  // What is under way ends later than the listening.
  const work = new AbortController();
  const session = await openSession({ ...context, signal: work.signal }, plan, chosen);
  const watch = openWatch(context, plan, state.store);
  const service = startService({
    host: values.host,
    port: values.port,
    options,
    sections: session.sections,
    inbox: state.inbox,
    work: await workOf(context, values, session, state, watch, work.signal),
    metrics: watch.metrics,
    lastSuccess: (section) => dateOf(state.store?.lastSuccess(section, true)),
    log: context.log,
  });
  const scheduler = await startScheduler(context, values, plan, state, watch, work.signal);
  if (!values.testmode) context.print(readyText(context, values.host, service));
  context.log.info(listeningText(values.host, service));
  await watchOver({
    context,
    end: async () => {
      await Promise.all([service.drain(), scheduler.stop()]);
      await watch.stop();
    },
    drainMs: options.drain_seconds * 1000,
    stopWork: (reason) => work.abort(reason),
  });
  return exitCodes.ok;
}

/** Runs sections by schedule from now on; in test mode there is nothing to run. */
async function startScheduler(
  context: CommandContext,
  { workers, singleton, testmode }: ServeFlags,
  plan: Plan,
  { store }: ServeState,
  watch: ServeWatch,
  signal: AbortSignal,
) {
  const scheduler = await openScheduler(context, plan, {
    workers,
    store,
    isSingle: singleton !== 0,
    signal,
    onReport: watch.report,
    onFailure: watch.fail,
    onVendorAnswer: (section, status) => watch.metrics.vendorAnswer(section, status),
  });
  if (testmode) return scheduler;
  scheduler.start();
  watch.start();
  return scheduler;
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** How events are worked off: each batch is an upload of its section. */
async function workOf(
  context: CommandContext,
  { workers, testmode, "save-data": saves }: ServeFlags,
  session: Session,
  { store }: ServeState,
  watch: ServeWatch,
  signal: AbortSignal,
) {
  const how = {
    workers,
    recordCount: 0,
    testmode: testmode ? context.print : undefined,
    saveData: saves ? context.directory : undefined,
    store,
    onVendorAnswer: (section: string, status: number) =>
      watch.metrics.vendorAnswer(section, status),
  };
  const { prepare, connection } = await reusePrepared(session);
  return {
    onReport: watch.report,
    prepare,
    run: (prepared, { read }) =>
      session.run(prepared, { ...how, read, connection: connection(prepared.section.name) }),
    hasLeftovers: (section) => store?.hasLeftovers(section) ?? false,
    workers,
    signal,
  } satisfies ServiceSettings["work"];
}
