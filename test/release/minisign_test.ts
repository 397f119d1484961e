/**
 * Signatures and keys are those of minisign: what it writes we read, what we write it reads.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  formatPublicKey,
  formatSignature,
  newKeyPair,
  parseSecretKey,
} from "../../scripts/binary/minisign_key.ts";
import { parsePublicKey, verifySignature } from "../../src/release/minisign.ts";
import { needPackage } from "../support/apt.ts";
import { useFolder } from "../support/folder.ts";

const minisign = "/usr/bin/minisign";
needPackage(minisign, "minisign");

const folder = useFolder("minisign");
const content = join(folder, "content");
writeFileSync(content, "0123  agent-linux-x64\n");
const theirs = { secret: join(folder, "theirs.key"), open: join(folder, "theirs.pub") };
run("-G", "-W", "-s", theirs.secret, "-p", theirs.open);
const pair = newKeyPair();
const ours = { secret: join(folder, "ours.key"), open: join(folder, "ours.pub") };
writeFileSync(ours.secret, pair.secret);
writeFileSync(ours.open, pair.open);

function run(...words: string[]): string {
  const child = Bun.spawnSync([minisign, ...words], { stdin: "ignore" });
  const said = `${child.stdout}${child.stderr}`;
  if (!child.success) throw new Error(`minisign ${words.join(" ")}: ${said}`);
  return said;
}

function verify(signature: string, key: { readonly open: string }): string {
  const publicKey = parsePublicKey(readFileSync(key.open, "utf8"), key.open);
  return verifySignature(readFileSync(content), signature, publicKey, "content.minisig");
}

describe("minisign", () => {
  test("accepts our signature, with our key and with its own", () => {
    for (const { secret, open } of [ours, theirs]) {
      const key = parseSecretKey(readFileSync(secret, "utf8"));
      const file = join(folder, "by_us.minisig");
      writeFileSync(file, formatSignature(readFileSync(content), key, "agent 0.1.0 (abc)"));
      const said = run("-V", "-H", "-m", content, "-x", file, "-p", open);
      expect(said).toContain("Signature and comment signature verified");
      expect(said).toContain("Trusted comment: agent 0.1.0 (abc)");
    }
  });

  test("signs with our key, and we accept it", () => {
    for (const key of [ours, theirs]) {
      const file = join(folder, "by_minisign.minisig");
      run("-S", "-s", key.secret, "-m", content, "-x", file, "-t", "a comment, öffentlich");
      expect(verify(readFileSync(file, "utf8"), key)).toBe("a comment, öffentlich");
    }
  });

  test("writes the public key that we do", () => {
    const key = parseSecretKey(readFileSync(theirs.secret, "utf8"));
    expect(formatPublicKey(key)).toBe(readFileSync(theirs.open, "utf8"));
  });

  test("refuses what we refuse: a changed comment, a changed content, another key", () => {
    const key = parseSecretKey(pair.secret);
    const signature = formatSignature(readFileSync(content), key, "first");
    const file = join(folder, "wrong.minisig");
    writeFileSync(file, signature.replace("first", "other"));
    expect(() => run("-V", "-m", content, "-x", file, "-p", ours.open)).toThrow();
    expect(() => verify(readFileSync(file, "utf8"), ours)).toThrow("the signed file was changed");
    writeFileSync(file, formatSignature(Buffer.from("something else"), key, "first"));
    expect(() => run("-V", "-m", content, "-x", file, "-p", ours.open)).toThrow();
    expect(() => verify(readFileSync(file, "utf8"), ours)).toThrow("the signed file was changed");
    expect(() => verify(signature, theirs)).toThrow("was made with the key");
  });

  test("signs the old way only for those who cannot do better", () => {
    const file = join(folder, "legacy.minisig");
    run("-S", "-l", "-s", theirs.secret, "-m", content, "-x", file);
    expect(() => verify(readFileSync(file, "utf8"), theirs)).toThrow("in the legacy format");
  });
});

describe("parsePublicKey", () => {
  test("takes the second line alone", () => {
    const line = pair.open.split("\n")[1] ?? "";
    expect(parsePublicKey(line, "x")).toEqual(parsePublicKey(pair.open, "x"));
  });

  test.each(["", "hello", "RWQ=", pair.secret, `${pair.open}${pair.open}`])(
    "refuses %j",
    (text) => {
      expect(() => parsePublicKey(text, "some.pub")).toThrow("some.pub is not a public key");
    },
  );
});

test("a secret key with a password is left to minisign", () => {
  const bytes = Buffer.from(pair.secret.split("\n")[1] ?? "", "base64");
  bytes.write("Sc", 2, "latin1");
  expect(() => parseSecretKey(bytes.toString("base64"))).toThrow("Sign with minisign itself");
  expect(() => parseSecretKey("RWQ=")).toThrow("not a secret key");
});
