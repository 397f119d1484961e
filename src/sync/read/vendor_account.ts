/**
 * What tells the accounts of vendors apart: those who read from one share what it allows.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { SectionConfig } from "../../config/section.ts";

/** Options of a section that hold credentials. */
export function credentialOptions({ source, texts }: SectionConfig): string[] {
  return Object.entries(source.options)
    .filter(([key, option]) =>
      (option.kind === "secret" || key === "username" || key === "client_id") && texts[key] !== ""
    )
    .map(([key]) => key);
}

/** The account within this process: the host and the credentials. Never to be shown. */
export function accountOf(section: SectionConfig, base: string): string {
  const { texts } = section;
  return describe(section, base, credentialOptions(section).map((key) => texts[key]));
}

/**
 * The account for all processes that share a state: the host and the name that logs in, without secrets. Where
 * there are only secrets, it has 16 bits of a digest of them: enough to tell accounts of one vendor apart,
 * and too few to find a secret by.
 */
export function sharedAccountOf(section: SectionConfig, base: string): string {
  const { source, texts } = section;
  const options = credentialOptions(section);
  const names = options.filter((key) => source.options[key]?.kind !== "secret");
  if (names.length > 0) return describe(section, base, names.map((key) => texts[key]));
  const secrets = JSON.stringify(options.map((key) => texts[key]));
  return describe(section, base, [createHash("sha256").update(secrets).digest("hex").slice(0, 4)]);
}

function describe(
  { source }: SectionConfig,
  base: string,
  login: readonly (string | undefined)[],
): string {
  return JSON.stringify([URL.parse(base)?.origin ?? source.name, login]);
}
