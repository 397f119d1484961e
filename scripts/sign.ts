/**
 * Signs the checksums of a release, so that `agent upgrade` takes it.
 *
 * `bun scripts/sign.ts [--folder dist] [--key FILE]` writes SHA256SUMS.minisig. The secret key is read
 * from the file, or is the text of AGENT_SIGNING_KEY. `bun scripts/sign.ts --new-key FOLDER` makes a
 * key pair: release.key is for nobody's eyes, release.pub goes into assets/.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parsePublicKey, verifySignature } from "../src/release/minisign.ts";
import { releaseKeyFile, root } from "./binary/compile.ts";
import {
  formatPublicKey,
  formatSignature,
  newKeyPair,
  parseSecretKey,
  type SecretKey,
} from "./binary/minisign_key.ts";
import { releaseFiles } from "../src/release/manifest.ts";

function writeKeyPair(folder: string): void {
  const { secret, open } = newKeyPair();
  mkdirSync(folder, { recursive: true });
  const [secretFile, openFile] = [join(folder, "release.key"), join(folder, "release.pub")];
  writeFileSync(secretFile, secret, { mode: 0o600, flag: "wx" });
  writeFileSync(openFile, open, { flag: "wx" });
  console.log(`Keep ${secretFile} away from the repository. ${openFile} goes into assets/.`);
}

function readKey(path: string | undefined): SecretKey {
  const text = path === undefined ? process.env.AGENT_SIGNING_KEY : readFileSync(path, "utf8");
  if (text !== undefined && text !== "") return parseSecretKey(text);
  throw new Error(
    "There is no key: name its file with --key, or put its text into AGENT_SIGNING_KEY.",
  );
}

function signRelease(folder: string, key: SecretKey): void {
  const sums = readFileSync(join(folder, releaseFiles.sums));
  const release = JSON.parse(readFileSync(join(folder, releaseFiles.release), "utf8"));
  const comment = `agent ${release.version} (${release.commit})`;
  const signature = formatSignature(sums, key, comment);
  const trusted = releaseKeyFile();
  const text = trusted === undefined ? formatPublicKey(key) : readFileSync(trusted, "utf8");
  // What the programs would refuse must not go out.
  verifySignature(sums, signature, parsePublicKey(text, trusted ?? "the key"), "The signature");
  writeFileSync(join(folder, releaseFiles.signature), signature);
  console.log(`Signed ${folder}: ${comment}`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      "folder": { type: "string", default: "dist" },
      "key": { type: "string" },
      "new-key": { type: "string" },
    },
  });
  if (values["new-key"] !== undefined) writeKeyPair(resolve(values["new-key"]));
  else signRelease(resolve(root, values.folder), readKey(values.key));
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
