/**
 * `agent secret`: the secrets of sections in the keyring of the operating system.
 *
 * @module
 */

import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { closest } from "fastest-levenshtein";
import { AgentError, UsageError } from "../base/errors.ts";
import { declaredIn } from "../config/declared.ts";
import { getOptions, type IniDocument } from "../config/ini.ts";
import { parseReference } from "../secrets/mod.ts";
import { deleteKeyring, readKeyring, writeKeyring } from "../runtime/keyring.ts";
import { sources } from "../sources/mod.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { readIni } from "../app/configuration.ts";
import { promptForSecret } from "./prompt.ts";
import { table } from "./table.ts";

/** Where the Python connector kept how to reach a server of secrets. */
const serverKeys = ["vault_url", "vault_token"];

/** One entry that may be in the keyring. */
interface Entry {
  readonly section: string;
  readonly key: string;
  /** Whether the configuration refers to it. */
  readonly isReferenced: boolean;
}

function listReferencedSecrets(document: IniDocument): Entry[] {
  return document.sections.flatMap((section) => {
    const options = getOptions(document, section);
    const backend = options.get("vault_backend")?.value.trim() || "keyring";
    const words = options.get("vault_keys")?.value.toLowerCase().split(/[\s,]+/) ?? [];
    const name = options.get("vault_alias")?.value.trim() || section.name;
    const kept = backend === "keyring" ? words.filter((word) => word !== "") : [];
    const referred = [...options.values()].flatMap(({ value }) => {
      const reference = parseReference(value);
      if (reference?.store !== "keyring") return [];
      const at = reference.target.lastIndexOf("/");
      const key = reference.target.slice(at + 1);
      return [{ section: at < 0 ? section.name : reference.target.slice(0, at), key }];
    });
    return [...kept.map((key) => ({ section: name, key })), ...referred].map((entry) => {
      return { ...entry, isReferenced: true };
    });
  });
}

/** Secrets that a section could have there, whether or not it refers to them. */
function listPossibleSecrets(document: IniDocument | undefined): Entry[] {
  const names = document?.sections.map(({ name }) => name) ??
    ["oomnitza", ...sources.map(({ name }) => name)];
  return names.flatMap((section) => {
    const declared = Object.entries(declaredIn(section, sources) ?? {});
    const keys = declared.filter(([, { kind }]) => kind === "secret").map(([key]) => key);
    return [...keys, ...serverKeys].map((key) => ({ section, key, isReferenced: false }));
  });
}

/** Keyrings cannot be listed, so each entry that makes sense is looked for. */
async function list(context: CommandContext): Promise<number> {
  const { ini: path } = context;
  const document = existsSync(path) ? readIni(path) : undefined;
  const referenced = document === undefined ? [] : listReferencedSecrets(document);
  const entries = new Map([...listPossibleSecrets(document), ...referenced].map((entry) => {
    return [JSON.stringify([entry.section, entry.key]), entry];
  }));
  const rows: { section: string; key: string; stored: boolean }[] = [];
  for (const { section, key, isReferenced: isReferenced } of entries.values()) {
    const stored = await readKeyring(section, key) !== undefined;
    if (stored || isReferenced) rows.push({ section, key, stored });
  }
  if (context.global.output === "json") context.print(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) context.print("The keyring has no secrets of the agent");
  else {
    const cells = rows.map((
      { section, key, stored },
    ) => [section, key, stored ? "yes" : "missing"]);
    context.print(table([["SECTION", "KEY", "STORED"], ...cells]));
  }
  return rows.every(({ stored }) => stored) ? exitCodes.ok : exitCodes.failed;
}

async function set({ input, log }: CommandContext, section: string, key: string): Promise<number> {
  const secret = await promptForSecret(input, `Secret for ${key} of [${section}] (not shown): `);
  await writeKeyring(section, key, secret);
  log.info(`Stored ${key} of [${section}] in the keyring`);
  return exitCodes.ok;
}

async function get(
  { print, global }: CommandContext,
  section: string,
  key: string,
): Promise<number> {
  const secret = await readKeyring(section, key);
  if (secret === undefined) throw new UsageError(`The keyring has no ${key} of [${section}]`);
  print(global.output === "json" ? JSON.stringify({ section, key, secret }) : secret);
  return exitCodes.ok;
}

async function forget({ log }: CommandContext, section: string, key: string): Promise<number> {
  if (!await deleteKeyring(section, key)) {
    throw new UsageError(`The keyring has no ${key} of [${section}]`);
  }
  log.info(`Deleted ${key} of [${section}] from the keyring`);
  return exitCodes.ok;
}

/** Writes a secret into a file that only this computer can decrypt. */
async function protect(context: CommandContext, name: string): Promise<number> {
  const { hasDpapi, protectForMachine } = await import("../runtime/dpapi.ts");
  if (!hasDpapi()) {
    throw new UsageError("secret protect works on Windows only", {
      hint: "See docs/secrets.md for what takes its place.",
    });
  }
  const path = resolve(context.directory, name);
  const secret = await promptForSecret(context.input, `Secret for ${path} (not shown): `);
  const bytes = protectForMachine(new TextEncoder().encode(secret));
  if (bytes === undefined) throw new AgentError("Windows does not encrypt the secret");
  writeFileSync(path, `${Buffer.from(bytes).toString("base64")}\n`, { mode: 0o600 });
  context.log.info(`Wrote ${path}, for \${dpapi:${path}}`);
  return exitCodes.ok;
}

const verbs = { set, get, delete: forget } as const;

/** Stores, shows, lists and deletes secrets in the keyring. */
export const secretCommand = defineCommand({
  name: "secret",
  summary: "Keep the secrets of sections in the keyring of the operating system.",
  details:
    `The keyring is Windows' Credential Manager, macOS' Keychain, or the Secret Service of a Linux desktop, of the account that runs the command.

set prompts for the secret without showing it, or reads it from standard input when that is no terminal. get prints it. list shows which secrets are there, and which the configuration asks for and are missing, never the secrets themselves.

protect works on Windows, where nobody can log on as the account of the service: it encrypts a secret for this computer and writes it into FILE, which the configuration names with \${dpapi:FILE}.

The configuration asks for a secret with \${keyring:KEY}, or with vault_keys = KEY.`,
  positionals: {
    usage: "set|get|list|delete|protect [SECTION KEY|FILE]",
    help: "What to do, the section and the option, for example okta api_token.",
    minimum: 1,
    maximum: 3,
  },
  flags: {},
  examples: [
    { line: "agent secret set okta api_token", does: "store a token" },
    { line: "agent secret list", does: "see which are stored and which are missing" },
    { line: "agent secret protect token.dpapi", does: "write a file for ${dpapi:token.dpapi}" },
    { line: "agent secret delete okta api_token", does: "forget it" },
  ],
  async run(context, _flags, [verb = "", section, key]) {
    if (verb === "protect" && section !== undefined && key === undefined) {
      return await protect(context, section);
    }
    if (verb === "list" && section === undefined) return await list(context);
    if (!Object.hasOwn(verbs, verb)) {
      const near = closest(verb, [...Object.keys(verbs), "list", "protect"]);
      throw new UsageError(
        verb === "list" ? "secret list takes no section" : `Unknown action ${verb}`,
        verb === "list" ? {} : { hint: `Did you mean ${near}?` },
      );
    }
    if (section === undefined || key === undefined) {
      throw new UsageError(`secret ${verb} needs SECTION and KEY`, {
        hint: `For example: agent secret ${verb} okta api_token`,
      });
    }
    return await verbs[verb as keyof typeof verbs](context, section, key);
  },
});
