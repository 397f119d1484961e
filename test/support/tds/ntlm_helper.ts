/**
 * The program from which Wine's NTLM gets its tokens, in a folder to put on the path.
 *
 * @module
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NtlmAccount } from "./ntlm.ts";

/** Writes it; the result is the environment in which `account` is logged on to Windows, or nobody. */
export function writeNtlmHelper(
  folder: string,
): (account: NtlmAccount | undefined) => Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const helper = join(folder, "ntlm_auth");
  const script = join(import.meta.dir, "ntlm_auth.ts");
  writeFileSync(helper, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(helper, 0o755);
  return (account) => ({
    PATH: `${folder}:${process.env["PATH"]}`,
    ...(account === undefined ? {} : { NTLM_ACCOUNT: JSON.stringify(account) }),
  });
}
