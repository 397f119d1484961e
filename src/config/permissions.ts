/**
 * Who else can read the configuration file, which holds secrets or says where they are, and who can
 * change it, and with it what the agent runs.
 *
 * @module
 */

import { type Finding, messageOf } from "../base/errors.ts";
import { findExposure, findForeignWriters } from "../runtime/file_access.ts";
import { parseFlag } from "../sdk/option.ts";
import { getOption, type IniDocument } from "./ini.ts";

async function describeExposure(
  file: string,
): Promise<Pick<Finding, "message" | "hint"> | undefined> {
  try {
    const exposure = await findExposure(file);
    return exposure === undefined ? undefined : {
      message: `can be read by ${exposure.who}`,
      hint: `It contains secrets. Fix it with: ${exposure.fix}`,
    };
  } catch (error) {
    return { message: messageOf(error), hint: "Make sure that only its owner can read it" };
  }
}

async function describeWriters(
  file: string,
): Promise<Pick<Finding, "message" | "hint"> | undefined> {
  // Why Windows or the system does not tell is reported where readers are looked for.
  const writers = await findForeignWriters(file).catch(() => []);
  if (writers.length === 0) return undefined;
  const list = writers.map(({ path, who }) => path === file ? who : `${who} (by ${path})`);
  return {
    message: `can be changed by ${list.join(" and ")}`,
    hint: "Whoever can change it decides what the agent runs and where it sends its secrets. " +
      "agent doctor says how to close it",
  };
}

/**
 * Findings when others than its owner can read or change the file: warnings, or errors with
 * `strict_permissions = True` in `[oomnitza]`.
 */
export async function checkPermissions(document: IniDocument): Promise<Finding[]> {
  const { file } = document;
  const problems = [await describeExposure(file), await describeWriters(file)];
  const strict = getOption(document, "oomnitza", "strict_permissions");
  const isStrict = strict !== undefined && parseFlag(strict.value) === true;
  const code = "permissions";
  return problems.flatMap((problem): Finding[] => {
    if (problem === undefined) return [];
    const { message, hint } = problem;
    if (!isStrict) return [{ code, severity: "warning", file, message, hint }];
    const forbidden = `${message}, and strict_permissions is on`;
    return [{ code, severity: "error", file, message: forbidden, hint }];
  });
}
