/**
 * The server's half of NTLM, version 2: [MS-NLMP] 2.2.1.2, 2.2.1.3 and 3.3.2.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { u16, u32, utf16 } from "./bytes.ts";

/** Somebody whom the server knows. */
export interface NtlmAccount {
  readonly domain: string;
  readonly name: string;
  readonly password: string;
}

const signature = Buffer.from("NTLMSSP\0", "latin1");

/** Unicode, a target with its kind, NTLM, signed always, extended security, information, 128 and 56 bits. */
const flags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00010000 | 0x00080000 |
  0x00800000 | 0x20000000 | 0x80000000;

function pair(id: number, text: string): Buffer {
  const value = utf16(text);
  return Buffer.concat([u16(id), u16(value.length), value]);
}

/** Whether a token is NTLM's first, NEGOTIATE_MESSAGE. */
export function isNegotiate(token: Buffer): boolean {
  return token.length >= 32 && token.subarray(0, 8).equals(signature) && token[8] === 1;
}

/** A challenge: eight random bytes, and the token that carries them to the client. */
export function makeChallenge(domain: string): { readonly nonce: Buffer; readonly token: Buffer } {
  const nonce = randomBytes(8);
  const target = utf16(domain);
  const information = Buffer.concat([pair(2, domain), pair(1, "TDS"), u32(0)]);
  function field(length: number, at: number): Buffer {
    return Buffer.concat([u16(length), u16(length), u32(at)]);
  }
  const token = Buffer.concat([
    signature,
    u32(2),
    field(target.length, 56),
    u32(flags),
    nonce,
    Buffer.alloc(8),
    field(information.length, 56 + target.length),
    Buffer.of(10, 0, 0, 0, 0, 0, 0, 15),
    target,
    information,
  ]);
  return { nonce, token };
}

function hmac(key: Uint8Array, ...parts: readonly Buffer[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

/** NTOWFv2, [MS-NLMP] 3.3.2. */
function responseKey(account: NtlmAccount, user: string, domain: string): Buffer {
  const hash = new Bun.CryptoHasher("md4").update(utf16(account.password)).digest();
  return hmac(hash, utf16(user.toUpperCase() + domain));
}

/** Who answered a challenge, if the answer is right. */
export function authenticate(
  token: Buffer,
  nonce: Buffer,
  accounts: readonly NtlmAccount[],
): NtlmAccount | undefined {
  if (!token.subarray(0, 8).equals(signature) || token[8] !== 3) return undefined;
  function field(at: number): Buffer {
    const start = token.readUInt32LE(at + 4);
    return token.subarray(start, start + token.readUInt16LE(at));
  }
  const [lm, nt] = [field(12), field(20)];
  const domain = field(28).toString("utf16le");
  const user = field(36).toString("utf16le");
  const account = accounts.find(({ domain: theirs, name }) =>
    name.toLowerCase() === user.toLowerCase() && theirs.toLowerCase() === domain.toLowerCase()
  );
  if (account === undefined) return undefined;
  const key = responseKey(account, user, domain);
  // 3.2.5.1.2: an answer of version 2 is longer than the 24 bytes of version 1; failing that, LMv2 counts.
  const [proof, rest] = nt.length > 24
    ? [nt.subarray(0, 16), nt.subarray(16)]
    : [lm.subarray(0, 16), lm.subarray(16, 24)];
  const expected = hmac(key, nonce, rest);
  return proof.length === 16 && timingSafeEqual(proof, expected) ? account : undefined;
}
