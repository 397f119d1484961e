/**
 * The server's half of NTLM, version 2: [MS-NLMP] 2.2.1.2, 2.2.1.3, 3.2.5.1.2 and 3.3.2, with what
 * Extended Protection asks for.
 *
 * @module
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { u16, u32, u64, utf16 } from "./bytes.ts";

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

/** AvId of the pairs that are looked at, 2.2.2.1. */
const pairId = { computer: 1, domain: 2, flags: 6, timestamp: 7, target: 9, bindings: 10 } as const;
/** Bit of MsvAvFlags: the answer has a code for its integrity. */
const integrityProvided = 2;

function pair(id: number, value: Buffer): Buffer {
  return Buffer.concat([u16(id), u16(value.length), value]);
}

/** What a login must be tied to. */
export interface Protection {
  /** As SQL Server calls it: `allowed` takes clients that know nothing of it. */
  readonly level: "off" | "allowed" | "required";
  /** Data of the channel binding, where the connection is encrypted. */
  readonly binding: Buffer | undefined;
  /** Names under which the server may be asked for; absent, any. */
  readonly principals?: readonly string[] | undefined;
}

/** A login that is under way. */
export interface Exchange {
  /** NEGOTIATE_MESSAGE. */
  readonly first: Buffer;
  /** CHALLENGE_MESSAGE. */
  readonly challenge: Buffer;
  readonly nonce: Buffer;
}

/** Whether a token is NTLM's first, NEGOTIATE_MESSAGE. */
export function isNegotiate(token: Buffer): boolean {
  return token.length >= 32 && token.subarray(0, 8).equals(signature) && token[8] === 1;
}

/** Milliseconds between 1601 and 1970. */
const windowsEpochMs = 11_644_473_600_000n;

/** Answers NEGOTIATE_MESSAGE: a challenge of eight random bytes, with what the server says of itself. */
export function makeChallenge(first: Buffer, domain: string): Exchange {
  const nonce = randomBytes(8);
  const target = utf16(domain);
  const information = Buffer.concat([
    pair(pairId.domain, utf16(domain)),
    pair(pairId.computer, utf16("TDS")),
    pair(pairId.timestamp, u64((BigInt(Date.now()) + windowsEpochMs) * 10_000n)),
    u32(0),
  ]);
  function field(length: number, at: number): Buffer {
    return Buffer.concat([u16(length), u16(length), u32(at)]);
  }
  const challenge = Buffer.concat([
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
  return { first, challenge, nonce };
}

function hmac(key: Uint8Array, ...parts: readonly Buffer[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

/** NTOWFv2, [MS-NLMP] 3.3.2. */
function responseKey(account: NtlmAccount, user: string, domain: string): Buffer {
  const hash = new Bun.CryptoHasher("md4").update(utf16(account.password)).digest();
  return hmac(hash, utf16(user.toUpperCase() + domain));
}

/** The pairs in an answer of version 2, which the proof covers. */
function readPairs(nt: Buffer): Map<number, Buffer> {
  const pairs = new Map<number, Buffer>();
  for (let at = 44; at + 4 <= nt.length && nt.readUInt16LE(at) !== 0;) {
    const end = at + 4 + nt.readUInt16LE(at + 2);
    pairs.set(nt.readUInt16LE(at), nt.subarray(at + 4, end));
    at = end;
  }
  return pairs;
}

/** MD5 of the `gss_channel_bindings_struct`: two addresses that are not there, and the data. */
function hashBinding(data: Buffer): Buffer {
  return createHash("md5").update(Buffer.concat([Buffer.alloc(16), u32(data.length), data]))
    .digest();
}

/**
 * Whether a login is tied to this server and this connection: to the channel where it is encrypted, else
 * to the service ("Connect to the Database Engine using Extended Protection").
 */
function isProtected(pairs: Map<number, Buffer>, protection: Protection): boolean {
  const { level, binding, principals } = protection;
  if (level === "off") return true;
  if (binding !== undefined) {
    const sent = pairs.get(pairId.bindings);
    const isSaid = sent !== undefined && !sent.equals(Buffer.alloc(16));
    return isSaid ? sent.equals(hashBinding(binding)) : level === "allowed";
  }
  const target = pairs.get(pairId.target)?.toString("utf16le") ?? "";
  return target === "" ? level === "allowed" : principals?.includes(target) ?? true;
}

/** Whether an answer that says so has the right code for the integrity of all three messages. */
function isIntact(token: Buffer, pairs: Map<number, Buffer>, sessionKey: Buffer, on: Exchange) {
  const flagged = pairs.get(pairId.flags)?.readUInt32LE(0) ?? 0;
  if ((flagged & integrityProvided) === 0) return true;
  const blank = Buffer.from(token);
  blank.fill(0, 72, 88);
  return hmac(sessionKey, on.first, on.challenge, blank).equals(token.subarray(72, 88));
}

/** Who answered a challenge, if the answer is right. */
export function authenticate(
  token: Buffer,
  exchange: Exchange,
  accounts: readonly NtlmAccount[],
  protection: Protection,
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
  const isFull = nt.length > 24;
  const [proof, rest] = isFull
    ? [nt.subarray(0, 16), nt.subarray(16)]
    : [lm.subarray(0, 16), lm.subarray(16, 24)];
  const expected = hmac(key, exchange.nonce, rest);
  if (proof.length !== 16 || !timingSafeEqual(proof, expected)) return undefined;
  const pairs = isFull ? readPairs(nt) : new Map<number, Buffer>();
  if (!isIntact(token, pairs, hmac(key, proof), exchange)) return undefined;
  return isProtected(pairs, protection) ? account : undefined;
}
