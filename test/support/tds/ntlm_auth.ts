/**
 * In place of Samba's `ntlm_auth`, by which Wine's NTLM gets its tokens: a logged-on user whose
 * password Windows knows. Answers as `--helper-protocol=ntlmssp-client-1` does (ntlm_auth(1)), with
 * tokens by [MS-NLMP] 3.1.5.1 and 3.3.2.
 *
 * The environment has NTLM_ACCOUNT, a JSON of domain, name and password. Without it, nobody is known.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { u16, u32, u64, utf16 } from "./bytes.ts";
import type { NtlmAccount } from "./ntlm.ts";

const signature = Buffer.from("NTLMSSP\0", "latin1");
/** Unicode, a target, NTLM, always signed, extended security, 128 and 56 bits. */
const flags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x80000 | 0x20000000 | 0x80000000;

function negotiate(): Buffer {
  return Buffer.concat([signature, u32(1), u32(flags), Buffer.alloc(16), Buffer.alloc(8)]);
}

function hmac(key: Uint8Array, ...parts: readonly Buffer[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

/** AUTHENTICATE_MESSAGE for a challenge. */
function authenticate(challenge: Buffer, { domain, name, password }: NtlmAccount): Buffer {
  const nonce = challenge.subarray(24, 32);
  const at = challenge.readUInt32LE(44);
  const information = challenge.subarray(at, at + challenge.readUInt16LE(40));
  const hash = new Bun.CryptoHasher("md4").update(utf16(password)).digest();
  const key = hmac(hash, utf16(name.toUpperCase() + domain));
  const client = randomBytes(8);
  const time = (BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n;
  const temp = Buffer.concat([
    ...[Buffer.of(1, 1, 0, 0, 0, 0, 0, 0), u64(time), client, u32(0), information, u32(0)],
  ]);
  const nt = Buffer.concat([hmac(key, nonce, temp), temp]);
  const lm = Buffer.concat([hmac(key, nonce, client), client]);
  const parts = [lm, nt, utf16(domain), utf16(name), utf16("WORKSTATION"), Buffer.alloc(0)];
  let offset = 72;
  const fields = parts.map((part) => {
    const field = Buffer.concat([u16(part.length), u16(part.length), u32(offset)]);
    offset += part.length;
    return field;
  });
  return Buffer.concat([signature, u32(3), ...fields, u32(flags), Buffer.alloc(8), ...parts]);
}

function answerTo(line: string): string {
  const [word = "", value = ""] = line.split(" ");
  const text = process.env["NTLM_ACCOUNT"];
  const account: NtlmAccount | undefined = text === undefined ? undefined : JSON.parse(text);
  switch (word) {
    case "YR":
      return account === undefined ? "PW" : `YR ${negotiate().toString("base64")}`;
    case "TT":
      if (account === undefined) return "BH";
      return `KK ${authenticate(Buffer.from(value, "base64"), account).toString("base64")}`;
    case "GK":
      return `GK ${randomBytes(16).toString("base64")}`;
    case "GF":
      return `GF 0x${(flags >>> 0).toString(16)}`;
    default:
      return "OK";
  }
}

if (process.argv.includes("--version")) {
  process.stdout.write("Version 4.17.12-Test\n");
} else {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${answerTo(line)}\n`);
  }
}
