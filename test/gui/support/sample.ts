/**
 * A configuration as people have it: the sample of every source, and what the sample has not.
 *
 * @module
 */
import { workspace } from "../../support/workspace.ts";

/** Secrets of {@linkcode fullIni}, none of which may ever reach a browser. */
export const secrets = {
  token: "tok-7c1f0e52a9",
  password: "hunter2 with = inside",
  old: "commented-9e41",
  unknown: "unknown-55d0",
  command: "argument-31ab",
} as const;

/** Everything that `generate-ini` writes, between comments, code and sections nobody knows. */
export async function fullIni(): Promise<string> {
  using space = workspace();
  await space.agent(["generate-ini", "--ini", "sample.ini"]);
  const sample = space.read("sample.ini")
    .replace(/^api_token =.*$/m, `api_token = ${secrets.token}`);
  return `# Kept by the night shift; ask before you change it.

${sample.trimEnd()}

; a second Jamf, with a spelling of its own
[casper.MDM]
Enable : FALSE
URL=https://mdm.example.com:8443
username:  reader
password = ${secrets.password}
# password = ${secrets.old}
sync_type = mobiledevices
sync_field = 24DCF85294E411E38A52066B556BA4EE
mapping.SERIAL_NUMBER = {"source": "general.serial_number", "required": true}
recordfilter:
    # only what is managed
    if record['general']['managed']:
        return True
    return False
colour = green

[converters]
shorten:
    return value[:3]

[homegrown]
api_token = ${secrets.unknown}
anything = goes
`;
}
