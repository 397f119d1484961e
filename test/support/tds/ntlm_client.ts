/**
 * The client's half of NTLM, version 2: tokens by [MS-NLMP] 3.1.5.1 and 3.3.2.
 *
 * @module
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { u16, u32, u64, utf16 } from "./bytes.ts";
import type { NtlmAccount } from "./ntlm.ts";

const signature = Buffer.from("NTLMSSP\0", "latin1");
/** Unicode, a target, NTLM, always signed, extended security, 128 and 56 bits. */
export const clientFlags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x80000 | 0x20000000 | 0x80000000;

/** NEGOTIATE_MESSAGE. */
export function startLogin(): Buffer {
  return Buffer.concat([signature, u32(1), u32(clientFlags), Buffer.alloc(16), Buffer.alloc(8)]);
}

function hmac(key: Uint8Array, ...parts: readonly Buffer[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

/** MsvAvChannelBindings for the data of a channel binding, as Windows puts it behind the server's pairs. */
function bindingPair(data: Uint8Array): Buffer {
  const hash = createHash("md5").update(Buffer.alloc(16)).update(u32(data.length)).update(data);
  return Buffer.concat([u16(10), u16(16), hash.digest()]);
}

/** AUTHENTICATE_MESSAGE: answers a challenge. */
export function proveAccount(
  challenge: Buffer,
  { domain, name, password }: NtlmAccount,
  binding?: Uint8Array,
): Buffer {
  const nonce = challenge.subarray(24, 32);
  const at = challenge.readUInt32LE(44);
  const theirs = challenge.subarray(at, at + challenge.readUInt16LE(40));
  const information = binding === undefined
    ? theirs
    : Buffer.concat([theirs.subarray(0, -4), bindingPair(binding), u32(0)]);
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
  return Buffer.concat([signature, u32(3), ...fields, u32(clientFlags), Buffer.alloc(8), ...parts]);
}
