/**
 * Who else can read the configuration file, which holds secrets or says where they are.
 *
 * @module
 */

import { type Finding, messageOf } from "../base/errors.ts";
import { findExposure } from "../runtime/file_access.ts";
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

/**
 * A finding when others than its owner can read the file: a warning, or an error with
 * `strict_permissions = True` in `[oomnitza]`.
 */
export async function checkPermissions(document: IniDocument): Promise<Finding[]> {
  const { file } = document;
  const exposure = await describeExposure(file);
  if (exposure === undefined) return [];
  const { message, hint } = exposure;
  const code = "permissions";
  const strict = getOption(document, "oomnitza", "strict_permissions");
  if (strict === undefined || parseFlag(strict.value) !== true) {
    return [{ code, severity: "warning", file, message, hint }];
  }
  const forbidden = `${message}, and strict_permissions is on`;
  return [{ code, severity: "error", file, message: forbidden, hint }];
}
