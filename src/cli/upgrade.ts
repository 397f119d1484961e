/**
 * `agent upgrade`: puts a newer, signed release instead of this program.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Offer, UpgradeSettings } from "../release/upgrade.ts";
import { opt, type Values } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

const flags = {
  "from": opt.text("Folder or http(s) address that holds the files of a release.", {
    default: "",
    placeholder: "URL|FOLDER",
  }),
  "check": opt.flag("Only report what is available; change nothing.", { default: false }),
  "public-key": opt.path(
    "File with the public key (of minisign) that the release is signed with, instead of the built-in one.",
    { default: "" },
  ),
  "allow-downgrade": opt.flag("Also take a release that is older than this program.", {
    default: false,
  }),
} as const;

/** What became of it, for programs. */
interface Outcome {
  readonly current: { readonly version: string; readonly commit: string | null };
  readonly offered: { readonly version: string; readonly commit: string | null };
  readonly standing: Offer["standing"];
  readonly installed: boolean;
  /** The program that was there before, once it has been replaced. */
  readonly kept: string | null;
}

async function readUpgradeSettings(
  context: CommandContext,
  values: Values<typeof flags>,
): Promise<UpgradeSettings> {
  if (values.from === "") {
    throw new UsageError("upgrade needs --from", {
      hint:
        "Name the folder or the address of a release, for example --from https://example.com/agent/0.2.0",
    });
  }
  const { openUpgrade } = await import("../app/upgrade.ts");
  return openUpgrade(context, {
    from: values.from,
    publicKey: values["public-key"],
    allowDowngrade: values["allow-downgrade"],
    onProgress(bytes, size) {
      const of = size === undefined ? "" : ` of ${megabytes(size)}`;
      context.status(`${megabytes(bytes)}${of} MB`);
    },
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

async function show(
  context: CommandContext,
  settings: UpgradeSettings,
  offer: Offer,
  kept: string | null,
): Promise<void> {
  if (context.global.output === "json") {
    const { version, commit } = offer.identity;
    const outcome: Outcome = {
      current: { version: settings.current.version, commit: settings.current.commit ?? null },
      offered: { version, commit: commit ?? null },
      standing: offer.standing,
      installed: kept !== null,
      kept,
    };
    context.print(JSON.stringify(outcome, null, 2));
    return;
  }
  const { describeOffer } = await import("../app/upgrade.ts");
  context.print(
    `${describeOffer(settings, offer)}. Signed with ${settings.key.id}: ${offer.comment}`,
  );
  if (kept === null) return;
  context.print(
    `Installed. The old program is kept as ${kept}. The old program is still running: restart the service.`,
  );
}

/** Puts a newer release instead of this program. */
export const upgrade = defineCommand({
  name: "upgrade",
  summary: "Put a newer, signed release instead of this program.",
  details:
    `Reads SHA256SUMS and SHA256SUMS.minisig from the release, checks the signature with the key that is built in, fetches the program for this system, checks its sum, starts it once, and only then swaps the two. The old program is kept beside the new one with .old in its name; when the new one does not start there, the old one is restored.

Whatever is wrong with the release, this program stays as it is.`,
  flags,
  examples: [
    {
      line: "agent upgrade --from https://example.com/agent/0.2.0 --check",
      does: "report what is available",
    },
    { line: "agent upgrade --from /mnt/releases/agent-0.2.0", does: "install it from a folder" },
  ],
  async run(context, values) {
    const { install, readOffer } = await import("../release/upgrade.ts");
    const settings = await readUpgradeSettings(context, values);
    const offer = await readOffer(settings);
    const idle = values.check || offer.standing === "same";
    const files = idle ? undefined : await install(settings, offer);
    context.status(undefined);
    await show(context, settings, offer, files?.old ?? null);
    return exitCodes.ok;
  },
});
