/**
 * Checks this machine: the program, its folders, disk space and the state file.
 *
 * @module
 */

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { messageOf } from "../base/errors.ts";
import { accessAdvice, findForeignWriters, trustedAccounts } from "../os_service/mod.ts";
import { findExposure } from "../runtime/file_access.ts";
import { isCompiled } from "../runtime/program.ts";
import { commit, publicKey, version } from "../runtime/version.ts";
import type { State } from "../state/state.ts";
import { StateStore } from "../state/store.ts";
import { about, type Check } from "./check.ts";

/** Bytes free below which a run may fail, and below which a warning is due. */
const failBelowBytes = 50e6;
const warnBelowBytes = 500e6;

/** The program itself. */
export function checkProgram(): Check {
  const { ok, warning } = about("program", process.execPath);
  const which = commit === undefined ? version : `${version} (${commit})`;
  const system = `${process.platform} ${process.arch}`;
  if (!isCompiled) return warning(`agent ${version} from its sources on ${system}`);
  const key = publicKey === undefined ? ", built without a key for upgrades" : "";
  return ok(`agent ${which} on ${system}${key}`);
}

/** Whether this account can write into a folder. */
export function checkFolder(what: string, folder: string): Check {
  const { ok, failed } = about("permissions", folder);
  if (!existsSync(folder)) return failed(`the ${what} is not there`, "Create it.");
  try {
    accessSync(folder, constants.W_OK);
    return ok(`the ${what} can be written`);
  } catch {
    return failed(
      `the ${what} cannot be written by this account`,
      "Give the account that runs the agent the right to write there, or name another folder.",
    );
  }
}

/** Free space where the folder lies. */
export function checkDisk(folder: string): Check {
  const { ok, warning, failed, skipped } = about("disk", folder);
  try {
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const found = `${(free / 1e9).toFixed(1)} GB free`;
    const todo = "Free some space: the state file and the log files grow with every run.";
    if (free < failBelowBytes) return failed(`${(free / 1e6).toFixed(0)} MB free`, todo);
    return free < warnBelowBytes ? warning(found, todo) : ok(found);
  } catch (error) {
    return skipped(messageOf(error));
  }
}

export interface StateFacts {
  readonly runs: number;
  readonly waiting: number;
  readonly deadLetters: number;
  /** When the latest run began, ISO 8601. */
  readonly lastStart: string | null;
}

const maxCountedRuns = 10_000;

/** Counts what is in a state. @throws {AgentError} when it cannot be used. */
export async function readStateFacts(
  store: Pick<State, "runs" | "unfinishedWork">,
): Promise<StateFacts> {
  const runs = await store.runs(maxCountedRuns);
  const { refused } = await store.unfinishedWork();
  return {
    runs: runs.length,
    waiting: runs.reduce((sum, { waiting }) => sum + waiting, 0),
    deadLetters: refused.reduce((sum, { count }) => sum + count, 0),
    lastStart: runs[0]?.started ?? null,
  };
}

/** What is in a state, and whether something is to be done about it. */
export function checkFacts(
  { runs, waiting, deadLetters }: StateFacts,
  { ok, warning }: Pick<ReturnType<typeof about>, "ok" | "warning">,
  size: string,
): Check {
  const found = `${runs} runs, ${waiting} records waiting, ${deadLetters} refused${size}`;
  if (waiting > 0) {
    return warning(found, "The next run of their section sends what waits: see agent runs.");
  }
  return deadLetters > 0
    ? warning(
      found,
      "See why they were refused with agent failed, and send them with agent retry.",
    )
    : ok(found);
}

/** Whether the state file can be used, what waits in it, and who can read it. */
export async function checkState(path: string | undefined): Promise<Check[]> {
  const area = "state file";
  if (path === undefined) return [about(area, "--no-state").skipped("nothing is remembered")];
  const { thrown, ...checks } = about(area, path);
  if (!existsSync(path)) {
    return [checks.ok("is not there yet; the first run writes it")];
  }
  try {
    const store = new StateStore({ path, instance: undefined, redact: (text) => text });
    try {
      const size = `, ${(statSync(path).size / 1e6).toFixed(1)} MB`;
      return [
        checkFacts(await readStateFacts(store), checks, size),
        ...await checkExposure("state file", path),
      ];
    } finally {
      await store.close();
    }
  } catch (error) {
    return [thrown(error)];
  }
}

/** Whether others can read a file that is the agent's alone. */
export async function checkExposure(what: string, path: string): Promise<Check[]> {
  const { ok, warning, skipped } = about("permissions", path);
  try {
    const exposure = await findExposure(path);
    if (exposure === undefined) return [ok(`the ${what} is for its owner alone`)];
    return [warning(`the ${what} can be read by ${exposure.who}`, `Fix it: ${exposure.fix}`)];
  } catch (error) {
    return [skipped(messageOf(error))];
  }
}

/** Who besides the administrators, this account and that of the service can change a file or folder. */
export async function checkWriters(
  what: string,
  path: string,
  service: string | undefined,
): Promise<Check> {
  const { ok, warning, skipped } = about("permissions", path);
  try {
    const trusted = service === undefined ? new Set<string>() : await trustedAccounts(service);
    const writers = await findForeignWriters(path, trusted);
    if (writers.length === 0) return ok(`nobody else can change the ${what}`);
    const list = writers.map(({ path: at, who }) => at === path ? who : `${who} (by ${at})`);
    return warning(`the ${what} can be changed by ${list.join(" and ")}`, accessAdvice(path));
  } catch (error) {
    return skipped(messageOf(error));
  }
}
