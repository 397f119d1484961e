/**
 * `agent serve`: listens for webhooks and uploads what they are about, and runs sections by schedule.
 *
 * @module
 */

import { ConfigError, UsageError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import { version } from "../runtime/version.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { Service, ServiceSettings } from "../web/serve/service.ts";
import { choose, withPlan } from "./configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { uploadFlags } from "./flags.ts";
import { openScheduler } from "./scheduled.ts";
import { openServeState, type ServeState } from "./serve_state.ts";
import { reusePrepared, watchOver } from "./serve_process.ts";
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
  summary:
    "Listen for webhooks and upload the devices that they are about, and run sections by schedule.",
  details:
    `The last part of the path is the section, exactly as in the configuration file: POST /anything/casper.MDM. An event is answered with 204 once it is safe in the state file; what it is about is then fetched by its id and uploaded. Who may post is set in [serve].

Enabled sections with schedule are run when they are due, one after the other; the command schedule shows when that is.

GET /healthz tells whether the service runs, GET /readyz whether it takes events. SIGTERM and Ctrl-C end it in good order; a second one ends it at once, and loses nothing either.`,
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

function readyText({ global }: CommandContext, { url }: Service): string {
  return global.output === "json" ? JSON.stringify({ url }) : `Listening on ${url}`;
}

type ServeFlags = Values<typeof flags>;

async function run(context: CommandContext, values: ServeFlags, plan: Plan): Promise<number> {
  const { chosen } = choose(context, plan, "all");
  if (values["show-mappings"]) {
    return await showMappings(context, await openSession(context, plan, chosen));
  }
  const { serve: options } = plan;
  if (options === undefined) throw new ConfigError(`Cannot use ${plan.file}`, plan.findings);
  if (context.global["no-state"] && !values.testmode) {
    throw new UsageError("serve keeps events in the state file, which --no-state leaves out");
  }
  // The web server is loaded for this command only.
  const { checkExposure, startService } = await import("../web/serve/service.ts");
  checkExposure(values.host, options);
  if (values.testmode) context.log.info("Test mode: nothing is sent");
  using state = openServeState(context, plan, values.testmode);
  // What is under way ends later than the listening.
  const work = new AbortController();
  const session = await openSession({ ...context, signal: work.signal }, plan, chosen);
  const service = startService({
    host: values.host,
    port: values.port,
    options,
    sections: session.sections,
    inbox: state.inbox,
    work: await workOf(context, values, session, state, work.signal),
    log: context.log,
  });
  const scheduler = await startScheduler(context, values, plan, state, work.signal);
  if (!values.testmode) context.print(readyText(context, service));
  context.log.info(`Listening on ${service.url}`);
  await watchOver({
    context,
    end: async () => {
      await Promise.all([service.drain(), scheduler.stop()]);
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
  signal: AbortSignal,
) {
  const isSingle = singleton !== 0;
  const scheduler = await openScheduler(context, plan, { workers, store, isSingle, signal });
  if (!testmode) scheduler.start();
  return scheduler;
}

/** How events are worked off: each batch is an upload of its section. */
async function workOf(
  context: CommandContext,
  { workers, testmode, "save-data": saves }: ServeFlags,
  session: Session,
  { store }: ServeState,
  signal: AbortSignal,
) {
  const how = {
    workers,
    recordCount: 0,
    testmode: testmode ? context.print : undefined,
    saveData: saves ? process.cwd() : undefined,
    store,
  };
  return {
    prepare: await reusePrepared(session),
    run: (prepared, { read }) => session.run(prepared, { ...how, read }),
    hasLeftovers: (section) => store?.hasLeftovers(section) ?? false,
    workers,
    signal,
  } satisfies ServiceSettings["work"];
}
