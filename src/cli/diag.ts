/**
 * `agent diag`: a support bundle, without secrets.
 *
 * @module
 */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  arch,
  availableParallelism,
  platform,
  release,
  totalmem,
  version as system,
} from "node:os";
import { join, resolve } from "node:path";
import { describeState, findState } from "../app/state_location.ts";
import { openExistingStore } from "../app/store.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import { decodeIni } from "../config/ini.ts";
import { readIniBytes } from "../config/ini_bytes.ts";
import type { ArchiveFile } from "../doctor/archive.ts";
import { readStateFacts } from "../doctor/machine.ts";
import { findIniSecrets, maskIni } from "../doctor/masked_ini.ts";
import { scrub } from "../doctor/scrub.ts";
import { isCompiled } from "../runtime/program.ts";
import { commit, version } from "../runtime/version.ts";
import { opt } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { describeCheck } from "./doctor.ts";

/** Last bytes of a log file that go in. */
const logBytes = 200_000;
/** Runs that go in. */
const latestRuns = 50;

const about = `The support bundle of agent diag. Check its contents before you pass it on.

about.txt      this text
agent.json     the version of the agent, and of the system
doctor.txt     what agent doctor found
config.ini     the configuration: values of secrets, unknown options, comments and code are left out
state.json     how much is in the state file, and the latest runs
*.log          the end of the log files of runs

Secrets of the configuration are masked as ***, also where they occur in logs, and so is what looks
like a secret. No record is in here, but log lines may name records, people and hosts.
`;

function agentFacts({ env }: CommandContext): string {
  const variables = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "TZ", "LANG"];
  const isSet = (name: string) => env[name] !== undefined || env[name.toLowerCase()] !== undefined;
  const facts = {
    version,
    commit: commit ?? null,
    compiled: isCompiled,
    platform: platform(),
    arch: arch(),
    release: release(),
    system: system(),
    processors: availableParallelism(),
    memory: totalmem(),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: new Date().toISOString(),
    variables_set: variables.filter(isSet),
  };
  return JSON.stringify(facts, null, 2);
}

function maskedIni({ ini: path, sources, redactor }: CommandContext): string {
  try {
    const { text } = decodeIni(readIniBytes(path), path);
    for (const secret of findIniSecrets(text, sources)) redactor.add(secret);
    return maskIni(text, sources);
  } catch (error) {
    return `# ${path} cannot be read: ${messageOf(error)}\n`;
  }
}

async function collectState(context: CommandContext): Promise<string> {
  let where: string | null = context.stateFile ?? null;
  try {
    const location = await findState(context);
    where = describeState(location);
    await using opened = await openExistingStore(context);
    const { store } = opened;
    if (store === undefined) return JSON.stringify({ where });
    const bytes = location.kind === "file" ? statSync(location.path).size : null;
    const facts = {
      where,
      bytes,
      ...await readStateFacts(store),
      latest: await store.runs(latestRuns),
    };
    return JSON.stringify(facts, null, 2);
  } catch (error) {
    return JSON.stringify({ where, error: messageOf(error) }, null, 2);
  }
}

/** The end of a log file, from the beginning of a line. */
function logEnd(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= logBytes) return bytes.toString();
    const end = bytes.subarray(-logBytes).toString();
    return end.slice(end.indexOf("\n") + 1);
  } catch (error) {
    return `${path} cannot be read: ${messageOf(error)}\n`;
  }
}

async function collect(context: CommandContext, offline: boolean): Promise<ArchiveFile[]> {
  // In this order: the one makes the secrets of the file known, the other those that it refers to.
  const configuration = maskedIni(context);
  const { examine } = await import("../app/examination.ts");
  const checks = await examine(context, offline);
  const { logFolder: folder } = context;
  const logs = folder === undefined ? [] : ["info.log", "errors.log"]
    .filter((name) => existsSync(join(folder, name)))
    .map((name) => ({ name, text: scrub(logEnd(join(folder, name))) }));
  const files = [
    { name: "about.txt", text: about },
    { name: "agent.json", text: `${agentFacts(context)}\n` },
    { name: "doctor.txt", text: `${scrub(checks.map(describeCheck).join("\n"))}\n` },
    { name: "config.ini", text: configuration },
    { name: "state.json", text: `${scrub(await collectState(context))}\n` },
    ...logs,
  ];
  return files.map(({ name, text }) => ({
    name: `agent-diag/${name}`,
    text: context.redactor.redact(text),
  }));
}

async function save(path: string, files: readonly ArchiveFile[]): Promise<void> {
  const { packArchive } = await import("../doctor/archive.ts");
  try {
    writeFileSync(path, packArchive(files, new Date()), { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new AgentError(`Cannot write ${path}: ${messageOf(error)}`, {
      hint: "Name another file with --out. A file that is there is not overwritten.",
      cause: error,
    });
  }
}

/** Writes a support bundle. */
export const diag = defineCommand({
  name: "diag",
  summary: "Write a support bundle: findings, configuration and logs without secrets.",
  details:
    "The bundle is a .tar.gz of texts: what agent doctor finds, the configuration with secrets masked, facts about the state file, and the end of the log files. Check its contents before you pass it on.",
  flags: {
    "out": opt.path("The file to write. By default agent-diag-DATE.tar.gz in this folder.", {
      default: "",
    }),
    "offline": opt.flag("Send no requests.", { default: false }),
  },
  examples: [
    { line: "agent diag --out diag.tar.gz", does: "write the bundle" },
    { line: "agent diag --offline", does: "write it without requests to Oomnitza and the sources" },
  ],
  async run(context, flags) {
    const day = new Date().toISOString().slice(0, 10);
    const path = resolve(
      context.directory,
      flags.out === "" ? `agent-diag-${day}.tar.gz` : flags.out,
    );
    const files = await collect(context, flags.offline);
    await save(path, files);
    const names = files.map(({ name }) => name);
    context.print(
      context.global.output === "json"
        ? JSON.stringify({ bundle: path, files: names }, null, 2)
        : `Wrote ${path}: ${names.length} files. Check its contents before you pass it on.`,
    );
    return exitCodes.ok;
  },
});
