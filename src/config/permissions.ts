/**
 * Who else can read the configuration file, which holds secrets or says where they are.
 *
 * @module
 */

import { type Finding, messageOf } from "../base/errors.ts";
import { exposureOf } from "../runtime/file_access.ts";
import { parseFlag } from "../sdk/option.ts";
import { type IniDocument, optionOf } from "./ini.ts";

async function complaintAbout(
  file: string,
): Promise<Pick<Finding, "message" | "hint"> | undefined> {
  try {
    const exposure = await exposureOf(file);
    return exposure === undefined ? undefined : {
      message: `can be read by ${exposure.who}`,
      hint: `It holds secrets. Mend it with: ${exposure.mend}`,
    };
  } catch (error) {
    return { message: messageOf(error), hint: "See to it that nobody but its owner can read it" };
  }
}

/**
 * A finding when others than its owner can read the file: a warning, or an error with
 * `strict_permissions = True` in `[oomnitza]`.
 */
export async function checkPermissions(document: IniDocument): Promise<Finding[]> {
  const { file } = document;
  const complaint = await complaintAbout(file);
  if (complaint === undefined) return [];
  const { message, hint } = complaint;
  const strict = optionOf(document, "oomnitza", "strict_permissions");
  if (strict === undefined || parseFlag(strict.value) !== true) {
    return [{ severity: "warning", file, message, hint }];
  }
  const forbidden = `${message}, and strict_permissions is on`;
  return [{ severity: "error", file, message: forbidden, hint }];
}
