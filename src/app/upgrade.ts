/**
 * Upgrades of this program: where a release is, which key it is signed with, and what it offers.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { describeIdentity, type Identity } from "../release/manifest.ts";
import { parsePublicKey, type PublicKey } from "../release/minisign.ts";
import { openOrigin } from "../release/origin.ts";
import type { Offer, UpgradeSettings } from "../release/upgrade.ts";
import { commit, publicKey, releaseFile, version } from "../runtime/version.ts";
import type { AppContext } from "./context.ts";

/** What is wanted of an upgrade. */
export interface UpgradeRequest {
  /** Folder or http(s) address of a release. */
  readonly from: string;
  /** File with the public key; blank for the one that is built in. */
  readonly publicKey: string;
  readonly allowDowngrade: boolean;
  readonly onProgress: UpgradeSettings["onProgress"];
}

/** This program, as releases name it. */
export const currentIdentity: Identity = { version, commit };

/** Whether this program can be replaced: not when it runs from its sources. */
export const canUpgrade: boolean = releaseFile !== undefined;

function trustedKey({ directory }: Pick<AppContext, "directory">, path: string): PublicKey {
  if (path === "") {
    if (publicKey !== undefined) return parsePublicKey(publicKey, "The key built in");
    throw new AgentError("This agent was built without a key to check releases with", {
      hint:
        "Get the public key from the publisher, through another channel than the release itself, and name its file with --public-key.",
    });
  }
  const file = resolve(directory, path);
  try {
    return parsePublicKey(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError(`Cannot read the public key ${file}: ${messageOf(error)}`);
  }
}

/**
 * Opens a release for this program. Nothing is read of it yet.
 *
 * @throws {AgentError} when this program cannot be replaced, or the key cannot be read
 */
export function openUpgrade(app: AppContext, request: UpgradeRequest): UpgradeSettings {
  if (releaseFile === undefined) {
    throw new AgentError("This agent runs from its sources: there is no program to replace", {
      hint: "Update the sources, or build the program with npm run build.",
    });
  }
  const origin = openOrigin(request.from, app);
  for (const secret of origin.secrets) app.redactor.add(secret);
  return {
    origin,
    key: trustedKey(app, request.publicKey),
    current: currentIdentity,
    file: releaseFile,
    program: process.execPath,
    allowDowngrade: request.allowDowngrade,
    log: app.log,
    onProgress: request.onProgress,
  };
}

/** How a release stands to this program, as a sentence without its full stop. */
export function describeOffer({ current }: Pick<UpgradeSettings, "current">, offer: Offer): string {
  const [there, here] = [describeIdentity(offer.identity), describeIdentity(current)];
  if (offer.standing === "same") return `agent ${here} is also the version of the release`;
  const how = offer.standing === "other build" ? "another build than" : `${offer.standing} than`;
  return `The release contains agent ${there}, ${how} this ${here}`;
}
