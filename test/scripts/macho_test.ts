/**
 * A signed Mach-O file carries the hash of every page of what is signed.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { root } from "../../scripts/binary/compile.ts";
import { signedMachO } from "../../scripts/binary/macho.ts";

const headerSize = 32;
const segmentSize = 72;
const codeSize = 4096 * 2 + 100;

/** A file with two segments and an outdated signature of 8 bytes. */
function executable(): Buffer {
  const bytes = Buffer.alloc(codeSize + 8, 7);
  bytes.fill(0, 0, headerSize + 2 * segmentSize + 16);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(3, 16);
  writeSegment(bytes, headerSize, "__TEXT", 0, 4096);
  writeSegment(bytes, headerSize + segmentSize, "__LINKEDIT", 8192, codeSize + 8 - 8192);
  const signature = headerSize + 2 * segmentSize;
  [0x1d, 16, codeSize, 8].forEach((value, index) =>
    bytes.writeUInt32LE(value, signature + index * 4)
  );
  return bytes;
}

function writeSegment(bytes: Buffer, at: number, name: string, offset: number, size: number) {
  bytes.writeUInt32LE(0x19, at);
  bytes.writeUInt32LE(segmentSize, at + 4);
  bytes.write(name, at + 8);
  bytes.writeBigUInt64LE(4096n, at + 32);
  bytes.writeBigUInt64LE(BigInt(offset), at + 40);
  bytes.writeBigUInt64LE(BigInt(size), at + 48);
}

describe("signedMachO", () => {
  const signed = Buffer.from(signedMachO(executable()));
  const blob = signed.subarray(codeSize);

  test("hashes every page, the changed load commands among them", () => {
    const directory = blob.subarray(20);
    const hashes = directory.readUInt32BE(16);
    expect(directory.readUInt32BE(28)).toBe(3);
    for (let page = 0; page < 3; page++) {
      const content = signed.subarray(page * 4096, Math.min((page + 1) * 4096, codeSize));
      const hash = createHash("sha256").update(content).digest("hex");
      expect(directory.toString("hex", hashes + page * 32, hashes + page * 32 + 32)).toBe(hash);
    }
  });

  test("says whose program it is", () => {
    const directory = blob.subarray(20);
    const start = directory.readUInt32BE(20);
    const end = directory.indexOf(0, start);
    expect(directory.toString("latin1", start, end)).toBe("com.oomnitza.agent");
    expect(directory.readUInt32BE(16)).toBe(end + 1);
  });

  test("says how long signature and segment are", () => {
    const signature = headerSize + 2 * segmentSize;
    expect(signed.readUInt32LE(signature + 12)).toBe(blob.length);
    expect(blob.readUInt32BE(4)).toBe(blob.length);
    const linkEdit = headerSize + segmentSize;
    expect(Number(signed.readBigUInt64LE(linkEdit + 48))).toBe(signed.length - 8192);
  });

  test("is the same when signed again", () => {
    expect(Buffer.from(signedMachO(signed)).equals(signed)).toBe(true);
  });

  test("refuses what is no Mach-O file, and one without room for a signature", () => {
    expect(() => signedMachO(Buffer.alloc(64))).toThrow("Not a 64-bit Mach-O executable.");
    const bare = executable();
    bare.writeUInt32LE(2, 16);
    expect(() => signedMachO(bare)).toThrow("no room for a signature");
  });
});

test("the entitlements are a property list of what a compiler needs, and the page names the file", () => {
  const plist = readFileSync(join(root, "assets/entitlements.plist"), "utf8");
  expect(XMLValidator.validate(plist)).toBe(true);
  expect([...plist.matchAll(/<key>(.*?)<\/key>\s*<true\/>/g)].map(([, key]) => key)).toEqual([
    "com.apple.security.cs.allow-jit",
    "com.apple.security.cs.allow-unsigned-executable-memory",
  ]);
  const page = readFileSync(join(root, "docs/deploy-macos.md"), "utf8");
  expect(page).toContain("--entitlements assets/entitlements.plist");
  expect(page).toContain("--identifier com.oomnitza.agent ");
});
