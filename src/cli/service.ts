/**
 * `agent service`: the agent as a service of systemd, launchd or Windows.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AgentError, messageOf, UsageError } from "../base/errors.ts";
import { loadConfig } from "../app/configuration.ts";
import { readServiceState } from "../app/service_state.ts";
import { isCompiled } from "../runtime/program.ts";
import { opt, optional, type Values } from "../sdk/option.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import type { Credential, ServiceManager, ServiceSettings } from "../os_service/manager.ts";
import type { Step } from "../os_service/step.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

const actions = ["prepare", "install", "uninstall", "start", "stop", "status", "logs"] as const;
type Action = typeof actions[number];

const flags = {
  "name": opt.text(
    "Name of another service beside the usual one, of up to 16 small letters and digits, with files and an account of its own.",
    { default: "", placeholder: "NAME" },
  ),
  "host": opt.text("install: address to listen on for webhooks, by default 127.0.0.1.", {
    default: "",
  }),
  "port": optional(opt.integer("install: port to listen on, by default 8000.", {
    maximum: 65_535,
  })),
  "user": opt.text(
    "install: account that runs the service. By default one of its own, which is made.",
    { default: "" },
  ),
  "credential": opt.text(
    "install: files whose content systemd passes to the service as ${systemd:NAME}: NAME=PATH, several with commas; none for none.",
    { default: "", placeholder: "NAME=PATH" },
  ),
  "service-logging": opt.path(
    "install: the --logging-config of the service. By default the journal under systemd, elsewhere a file that is written.",
    { default: "" },
  ),
  "lines": opt.integer("logs: number of lines to show.", { default: 100 }),
  "follow": opt.flag("logs: show new lines as they are written.", { default: false }),
  "dry-run": opt.flag("Show what would be written and run, and do nothing.", { default: false }),
  "system": opt.choice(
    "With --dry-run: the service manager to show it for. By default this machine's.",
    ["this", "systemd", "launchd", "windows"],
    { default: "this" },
  ),
} as const;
type Flags = Values<typeof flags>;

/** The service manager to work with, and whether it is this machine's. */
interface Target {
  readonly manager: ServiceManager;
  readonly isHere: boolean;
}

async function findTarget(values: Flags): Promise<Target> {
  if (values.system !== "this" && !values["dry-run"]) {
    throw new UsageError("--system works with --dry-run only: a service is set up where it runs");
  }
  const { managerFor, managerNamed, servicePattern } = await import("../os_service/mod.ts");
  const { name, system } = values;
  if (name !== "" && !servicePattern.test(name)) {
    throw new UsageError(`--name takes up to 16 small letters and digits, not "${name}"`);
  }
  const here = managerFor(process.platform, name);
  const manager = system === "this" ? here : managerNamed(system, name);
  if (manager !== undefined) return { manager, isHere: manager.system === here?.system };
  throw new AgentError(`There are no services for ${process.platform}`, {
    hint: "Start agent serve by other means.",
  });
}

function parseCredentials(text: string): Credential[] {
  if (text === "" || text === "none") return [];
  return text.split(",").map((pair) => {
    const [, name, path] = /^([\w.-]+)=(\/[^\n]*)$/.exec(pair.trim()) ?? [];
    if (name !== undefined && path !== undefined) return { name, path };
    throw new UsageError(`--credential takes NAME=/PATH, not "${pair}"`);
  });
}

/** A path that was named, as the service will need it; what is for another system stays as it is. */
function pathOr(named: string, usual: string, directory: string | undefined): string {
  if (named === "") return usual;
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f"]/.test(named)) throw new UsageError(`A service cannot use the path "${named}"`);
  return directory === undefined ? named : resolve(directory, named);
}

/** What a service that is registered here has, so that an upgrade does not have to name it again. */
async function registeredHere({ manager, isHere }: Target): Promise<Partial<ServiceSettings>> {
  if (!isHere) return {};
  const { registeredSettings } = await import("../os_service/mod.ts");
  return await registeredSettings(manager) ?? {};
}

async function serviceSettings(
  context: CommandContext,
  values: Flags,
  target: Target,
): Promise<ServiceSettings> {
  const { isHere, manager } = target;
  const defaults = { ...manager.defaults, ...await registeredHere(target) };
  const { global } = context;
  const directory = isHere ? context.directory : undefined;
  const ini = pathOr(global.ini, defaults.ini, directory);
  return {
    program: isHere && isCompiled ? process.execPath : manager.defaults.program,
    ini,
    state: pathOr(global.state, defaults.state, directory),
    logging: pathOr(values["service-logging"], defaults.logging, directory),
    host: values.host === "" ? defaults.host : values.host,
    port: values.port ?? defaults.port,
    user: values.user === "" ? defaults.user : values.user,
    credentials: values.credential === ""
      ? defaults.credentials
      : parseCredentials(values.credential),
    stopSeconds: await stopSecondsOf(context, ini),
  };
}

/** How long the service may take to end by its configuration; the usual time where that cannot be read. */
async function stopSecondsOf(context: CommandContext, ini: string): Promise<number> {
  const { leastStopSeconds, stopSecondsFor } = await import("../os_service/mod.ts");
  if (!existsSync(ini)) return leastStopSeconds;
  const app = { ...context, ini, iniPlaces: undefined };
  let serve: ServeOptions | undefined;
  try {
    serve = loadConfig(app).serve;
  } catch (error) {
    context.log.warning(`drain_seconds of the service is not known: ${messageOf(error)}`);
  }
  if (serve === undefined) return leastStopSeconds;
  return stopSecondsFor(serve.drain_delay + serve.drain_seconds);
}

function refuseOthers(): void {
  if (!isCompiled) throw new AgentError("Only the compiled program can be a service");
  if (process.getuid !== undefined && process.getuid() !== 0) {
    throw new AgentError("Only root can set up a service", { hint: "Use sudo." });
  }
}

/** Refuses a program or file that others could replace, and with it what the service runs. */
async function refuseForeignWriters({ log }: CommandContext, settings: ServiceSettings) {
  const { accessAdvice, findForeignWriters, trustedAccounts } = await import(
    "../os_service/mod.ts"
  );
  const { program, ini, logging, credentials, user } = settings;
  const files = [program, ini, logging, ...credentials.map(({ path }) => path)];
  const trusted = await trustedAccounts(user);
  for (const file of files.filter((path) => path !== "")) {
    for (const { path, who, isBroad } of await findForeignWriters(file, trusted)) {
      const what = `${path} can be changed by ${who}`;
      const hint = accessAdvice(file);
      // What one account owns is common where programs are kept by an account of their own.
      if (!isBroad && process.platform !== "win32") log.warning(`${what}. ${hint}`);
      else throw new AgentError(`${what}: the service would run what they put there`, { hint });
    }
  }
}

function refuseWhatCannotWork(settings: ServiceSettings): void {
  refuseOthers();
  for (
    const [path, hint] of [
      [settings.ini, `Write it with agent generate-ini --ini "${settings.ini}" and fill it in.`],
      ...settings.credentials.map(({ path }) => [path, "It was named with --credential."] as const),
    ] as const
  ) {
    if (!existsSync(path)) throw new AgentError(`There is no file ${path}`, { hint });
  }
}

async function installSteps(context: CommandContext, values: Flags, target: Target) {
  const { manager } = target;
  const settings = await serviceSettings(context, values, target);
  if (/[^\p{L}\p{M}\p{N}_ .:[\]\\$@-]/u.test(`${settings.host}${settings.user}`)) {
    throw new UsageError("--host or --user contains an invalid character");
  }
  if (!values["dry-run"]) {
    refuseWhatCannotWork(settings);
    await refuseForeignWriters(context, settings);
  }
  // Where this program lies by chance matters only when it is to be the service.
  const { program } = values["dry-run"] ? manager.defaults : settings;
  const problem = manager.problem({ ...settings, program });
  if (problem !== undefined) {
    throw new AgentError(problem, { hint: "See docs/service.md." });
  }
  if (!values["dry-run"]) {
    await (await import("../os_service/mod.ts")).refuseOldManager(manager);
  }
  return manager.install(settings);
}

async function stepsFor(
  action: Exclude<Action, "status" | "logs">,
  context: CommandContext,
  values: Flags,
  target: Target,
): Promise<Step[]> {
  if (action === "install") return await installSteps(context, values, target);
  if (action === "prepare") {
    if (!values["dry-run"]) refuseOthers();
    return target.manager.prepare(await serviceSettings(context, values, target));
  }
  return target.manager[action]();
}

async function describeSteps(steps: readonly Step[]): Promise<readonly unknown[]> {
  const { stepJson } = await import("../os_service/mod.ts");
  return steps.map(stepJson);
}

/** What was done, for programs; people read it in the log. */
function showDone(context: CommandContext, { manager }: Target, steps: readonly unknown[]): void {
  if (context.global.output !== "json") return;
  const { system, service } = manager;
  context.print(JSON.stringify({ system, service, steps }, null, 2));
}

async function showSteps(context: CommandContext, target: Target, steps: readonly Step[]) {
  const { stepText } = await import("../os_service/mod.ts");
  if (context.global.output === "text") context.print(steps.map(stepText).join("\n"));
  else showDone(context, target, await describeSteps(steps));
  return exitCodes.ok;
}

async function status(context: CommandContext, { manager }: Target): Promise<number> {
  const { system, name, running, details } = await readServiceState(manager);
  context.print(
    context.global.output === "json"
      ? JSON.stringify({ system, service: name, running, details }, null, 2)
      : `${name} ${running ? "runs" : "does not run"}.\n${details}`,
  );
  return running ? exitCodes.ok : exitCodes.failed;
}

async function logs(context: CommandContext, values: Flags, { manager }: Target): Promise<number> {
  const { show, tailLog } = await import("../os_service/mod.ts");
  const { lines, follow } = values;
  const source = manager.logs(lines, follow);
  if (source.kind === "run") {
    return await show(source.command) === 0 ? exitCodes.ok : exitCodes.failed;
  }
  for await (const line of tailLog(source.path, { lines, follow, signal: context.signal })) {
    context.print(line);
  }
  return exitCodes.ok;
}

/** Whether the service already is what `start` or `stop` would make it. */
async function isAlready(action: Action, { manager }: Target): Promise<boolean> {
  if (action !== "start" && action !== "stop") return false;
  return (await readServiceState(manager)).running === (action === "start");
}

/** The command line of an action on the same service. */
function commandFor(action: Action, { name }: Flags): string {
  return `agent service ${action}${name === "" ? "" : ` --name ${name}`}`;
}

/** What an action came to, after the name of the service. */
function outcome(action: Exclude<Action, "status" | "logs">, values: Flags): string {
  switch (action) {
    case "prepare":
      return "can be installed: its folders are there, and no account but the service's can write in them.";
    case "install":
      return `is installed and starts with the machine. To start it now: ${
        commandFor("start", values)
      }`;
    case "uninstall":
      return "is not a service any more. Its configuration and its state file are still there.";
    case "start":
      return `was started. To check it: ${commandFor("status", values)}`;
    case "stop":
      return "was stopped.";
  }
}

/** Sets up, starts, stops and shows the service. */
export const service = defineCommand({
  name: "service",
  summary: "Run the agent as a service of systemd, launchd or Windows.",
  details:
    `prepare makes the folders of configuration, state and logs, or takes those that are there: on Windows it refuses what belongs to an account that is no administrator. install does it too, and registers agent serve as a service that starts with the machine; once more, it brings the service up to date, and what is not named stays as it was registered. uninstall stops and removes it. status exits with 3 when the service does not run.

--name means another service than the usual one; each action takes it. --ini, --state and --service-logging name the files of the service. docs/service.md says where they are by default, and which account runs it.`,
  positionals: { usage: actions.join("|"), help: "What to do.", minimum: 1, maximum: 1 },
  flags,
  examples: [
    { line: "sudo agent service install", does: "register the service" },
    { line: "agent service install --dry-run", does: "show what that would write and run" },
    { line: "agent service logs --follow", does: "watch its log" },
    {
      line: "sudo agent service install --name lab --port 8001",
      does: "register a second service",
    },
  ],
  async run(context, values, [word = ""]) {
    const action = actions.find((known) => known === word);
    if (action === undefined) {
      throw new UsageError(`Unknown action "${word}"`, {
        hint: `The actions are ${actions.join(", ")}.`,
      });
    }
    const target = await findTarget(values);
    const isDry = values["dry-run"];
    if (action === "status" || action === "logs") {
      if (isDry) {
        throw new UsageError(`${action} changes nothing, so --dry-run has no effect`);
      }
      return action === "status"
        ? await status(context, target)
        : await logs(context, values, target);
    }
    const steps = await stepsFor(action, context, values, target);
    if (isDry) return await showSteps(context, target, steps);
    const { describeStep, perform } = await import("../os_service/mod.ts");
    if (await isAlready(action, target)) {
      context.log.info(
        `${target.manager.service} is ${action === "start" ? "running" : "stopped"} already`,
      );
      showDone(context, target, []);
      return exitCodes.ok;
    }
    await perform(steps, (step) => context.log.info(describeStep(step)));
    context.log.info(`${target.manager.service} ${outcome(action, values)}`);
    showDone(context, target, await describeSteps(steps));
    return exitCodes.ok;
  },
});
