/**
 * The steps of an upgrade: signature, version, download, sum, trial, swap, second trial.
 *
 * @module
 */

import { realpathSync, rmSync } from "node:fs";
import { AgentError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import {
  adopt,
  createFresh,
  fill,
  locateProgramFiles,
  type ProgramFiles,
  rollBack,
  swap,
  tryProgram,
} from "./executable.ts";
import {
  compareVersions,
  describeIdentity,
  type Identity,
  isSame,
  parseIdentity,
  parseSums,
  releaseFiles,
} from "./manifest.ts";
import { type PublicKey, verifySignature } from "./minisign.ts";
import { type Origin, readSmall } from "./origin.ts";
import { createHash } from "node:crypto";

/** What is upgraded from where, and what is allowed. */
export interface UpgradeSettings {
  readonly origin: Origin;
  readonly key: PublicKey;
  /** The running program. */
  readonly current: Identity;
  /** Its file name in a release. */
  readonly file: string;
  /** Where it lies. */
  readonly program: string;
  readonly allowDowngrade: boolean;
  readonly log: Log;
  /** Called with the bytes that have come, and how many there will be where that is known. */
  readonly onProgress: (bytes: number, size: number | undefined) => void;
}

/** A release whose signature holds. */
export interface Offer {
  readonly identity: Identity;
  /** What was signed beside the sums, for people. */
  readonly comment: string;
  /** SHA-256 sum of the program for this machine. */
  readonly sum: string;
  /** How the offer stands to the running program. */
  readonly standing: "newer" | "same" | "older" | "other build";
}

/**
 * Reads what a release offers. Everything returned is signed.
 *
 * @throws {AgentError} when the signature does not hold, or nothing in it fits this machine.
 */
export async function readOffer(settings: UpgradeSettings): Promise<Offer> {
  const { origin, file, current } = settings;
  const content = await readSmall(origin, releaseFiles.sums);
  const signature = Buffer.from(await readSmall(origin, releaseFiles.signature)).toString();
  const where = origin.locate(releaseFiles.signature);
  const comment = verifySignature(content, signature, settings.key, where);
  const sums = parseSums(Buffer.from(content).toString());
  const sum = sums.get(file);
  if (sum === undefined) {
    throw new AgentError(`${origin.locate(releaseFiles.sums)} lists no ${file}`, {
      hint: `The release has no program for this system. It has: ${[...sums.keys()].join(", ")}.`,
    });
  }
  const identity = await readIdentity(origin, sums.get(releaseFiles.release));
  return { identity, comment, sum, standing: compareToCurrent(identity, current) };
}

async function readIdentity(origin: Origin, sum: string | undefined): Promise<Identity> {
  const bytes = await readSmall(origin, releaseFiles.release);
  const where = origin.locate(releaseFiles.release);
  const own = createHash("sha256").update(bytes).digest("hex");
  if (own !== sum) throw tampered(where, sum, own);
  return parseIdentity(Buffer.from(bytes).toString(), where);
}

function compareToCurrent(offered: Identity, current: Identity): Offer["standing"] {
  if (isSame(offered, current)) return "same";
  const order = compareVersions(offered.version, current.version);
  return order > 0 ? "newer" : order < 0 ? "older" : "other build";
}

/**
 * Replaces the running program by the offered one.
 *
 * @returns Where the old one is kept.
 * @throws {AgentError} when it cannot be had, is not what was signed, or does not start; then
 * everything is as before.
 */
export async function install(settings: UpgradeSettings, offer: Offer): Promise<ProgramFiles> {
  refuseDowngrade(settings, offer);
  const files = locateProgramFiles(realpathSync(settings.program));
  const handle = await createFresh(files);
  try {
    try {
      await download(settings, offer, (content, onProgress) => fill(handle, content, onProgress));
    } finally {
      await handle.close();
    }
    adopt(files);
    await tryProgram(files.fresh, offer.identity);
    swap(files);
    await confirm(files, offer.identity);
  } finally {
    rmSync(files.fresh, { force: true });
  }
  return files;
}

function refuseDowngrade({ allowDowngrade, current }: UpgradeSettings, offer: Offer): void {
  if (offer.standing !== "older" || allowDowngrade) return;
  const offered = describeIdentity(offer.identity);
  throw new AgentError(`The release is ${offered}, older than this ${describeIdentity(current)}`, {
    hint:
      "An old release may have security holes that are fixed since. --allow-downgrade installs it anyway.",
  });
}

async function download(
  { origin, file, log, onProgress }: UpgradeSettings,
  { sum }: Offer,
  write: (
    content: Awaited<ReturnType<Origin["open"]>>,
    onProgress: (n: number) => void,
  ) => Promise<string>,
): Promise<void> {
  const where = origin.locate(file);
  log.info(`Reading ${where}`);
  const content = await origin.open(file);
  const own = await write(content, (bytes) => onProgress(bytes, content.size));
  if (own !== sum) throw tampered(where, sum, own);
}

function tampered(where: string, expected: string | undefined, own: string): AgentError {
  const wanted = expected ?? "no checksum";
  return new AgentError(
    `${where} does not match the signed checksum: its SHA-256 is ${own}, not ${wanted}`,
    {
      hint:
        "The file is incomplete, from another release, or was tampered with. Nothing was changed here. Do not use it.",
    },
  );
}

/** A program may start under one name and not under the other: a guard of the system may want it so. */
async function confirm(files: ProgramFiles, expected: Identity): Promise<void> {
  try {
    await tryProgram(files.program, expected);
  } catch (error) {
    rollBack(files);
    throw new AgentError(`The upgrade was rolled back: ${messageOf(error)}`, {
      hint: `${files.program} is the old one again.`,
      cause: error,
    });
  }
}
