/**
 * Logins by NTLM, version 2, with a name and a password: [MS-NLMP] 3.1.5.1. Tells the server for which
 * service and over which encrypted connection the login is, as Extended Protection wants it.
 *
 * @module
 */

import { createHash, createHmac, randomBytes } from "node:crypto";
import type { SecurityContext } from "../runtime/sspi.ts";

/** Who logs in, and where. */
export interface NtlmLogin {
  /** Blank for a name such as `name@domain`. */
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  /** Service principal name of the server. */
  readonly target: string;
  /** Data of the channel binding, where the connection is encrypted. */
  readonly binding: Uint8Array | undefined;
}

const signature = Buffer.from("NTLMSSP\0", "latin1");
/** NEGOTIATE_MESSAGE, CHALLENGE_MESSAGE and AUTHENTICATE_MESSAGE. */
const messageType = { negotiate: 1, challenge: 2, authenticate: 3 } as const;
/** Unicode, a target, NTLM, always signed, extended security, target information, 128 and 56 bits. */
const flags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x8_0000 | 0x80_0000 | 0x2000_0000 | 0x8000_0000;
/** AvId of an AV_PAIR, 2.2.2.1. */
const pairId = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const;
/** Bit of MsvAvFlags: the message has a code for its integrity. */
const integrityProvided = 2;
/** AUTHENTICATE_MESSAGE up to its payload: fields, flags, version, code for integrity. */
const payloadStart = 88;
const integrityStart = 72;
const integrityLength = 16;
/** Milliseconds between 1601, where Windows begins to count, and 1970. */
const windowsEpochMs = 11_644_473_600_000n;

interface Pair {
  readonly id: number;
  readonly value: Buffer;
}

interface Challenge {
  readonly nonce: Buffer;
  readonly flags: number;
  readonly pairs: readonly Pair[];
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function utf16(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

function readPairs(information: Buffer): Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at + 4 <= information.length;) {
    const id = information.readUInt16LE(at);
    if (id === pairId.end) break;
    const end = at + 4 + information.readUInt16LE(at + 2);
    pairs.push({ id, value: information.subarray(at + 4, end) });
    at = end;
  }
  return pairs;
}

function writePairs(pairs: readonly Pair[]): Buffer {
  const all = [...pairs, { id: pairId.end, value: Buffer.alloc(0) }];
  return Buffer.concat(all.flatMap(({ id, value }) => [u16(id), u16(value.length), value]));
}

function readChallenge(message: Buffer): Challenge {
  const isChallenge = message.length >= 48 && message.subarray(0, 8).equals(signature) &&
    message.readUInt32LE(8) === messageType.challenge;
  if (!isChallenge) throw new Error("the server's answer is no challenge of NTLM");
  const at = message.readUInt32LE(44);
  const information = message.subarray(at, at + message.readUInt16LE(40));
  return {
    nonce: message.subarray(24, 32),
    flags: message.readUInt32LE(20),
    pairs: readPairs(information),
  };
}

/** MD5 of a `gss_channel_bindings_struct` without addresses, RFC 4121 4.1.1.2; zeros without a binding. */
function bindingHash(data: Uint8Array | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(16);
  return createHash("md5").update(Buffer.alloc(16)).update(u32(data.length)).update(data).digest();
}

/** What the server said of itself, with what the login is for. */
function answerPairs({ pairs }: Challenge, { target, binding }: NtlmLogin): Pair[] {
  const own: number[] = [pairId.flags, pairId.targetName, pairId.channelBindings];
  const flagged = pairs.find(({ id }) => id === pairId.flags)?.value.readUInt32LE(0) ?? 0;
  const isDated = pairs.some(({ id }) => id === pairId.timestamp);
  return [
    ...pairs.filter(({ id }) => !own.includes(id)),
    ...(isDated ? [{ id: pairId.flags, value: u32(flagged | integrityProvided) }] : []),
    { id: pairId.targetName, value: utf16(target) },
    { id: pairId.channelBindings, value: bindingHash(binding) },
  ];
}

function currentTime(): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(Date.now()) + windowsEpochMs) * 10_000n);
  return bytes;
}

/** NTOWFv2, 3.3.2. */
function responseKey({ domain, user, password }: NtlmLogin): Buffer {
  const hash = createHash("md4").update(utf16(password)).digest();
  return hmac(hash, utf16(user.toUpperCase() + domain));
}

/** AUTHENTICATE_MESSAGE; its payload comes in the order of its fields. */
function formatAnswer(parts: readonly Buffer[], agreed: number): Buffer {
  const payload: Buffer[] = [];
  let offset = payloadStart;
  const fields = parts.map((part) => {
    const field = Buffer.concat([u16(part.length), u16(part.length), u32(offset)]);
    payload.push(part);
    offset += part.length;
    return field;
  });
  const head = [signature, u32(messageType.authenticate), ...fields, u32(agreed)];
  const versionAndIntegrity = Buffer.alloc(payloadStart - integrityStart + 8);
  return Buffer.concat([...head, versionAndIntegrity, ...payload]);
}

/** Answers a challenge, 3.1.5.1.2. */
function answerChallenge(login: NtlmLogin, first: Buffer, message: Buffer): Buffer {
  const challenge = readChallenge(message);
  const key = responseKey(login);
  const nonce = randomBytes(8);
  const dated = challenge.pairs.find(({ id }) => id === pairId.timestamp)?.value;
  const temp = Buffer.concat([
    ...[Buffer.of(1, 1, 0, 0, 0, 0, 0, 0), dated ?? currentTime(), nonce, Buffer.alloc(4)],
    ...[writePairs(answerPairs(challenge, login)), Buffer.alloc(4)],
  ]);
  const proof = hmac(key, challenge.nonce, temp);
  const lm = dated === undefined
    ? Buffer.concat([hmac(key, challenge.nonce, nonce), nonce])
    : Buffer.alloc(24);
  const nt = Buffer.concat([proof, temp]);
  const names = [login.domain, login.user, ""].map(utf16);
  const answer = formatAnswer([lm, nt, ...names, Buffer.alloc(0)], flags & challenge.flags);
  if (dated !== undefined) {
    const integrity = hmac(hmac(key, proof), first, message, answer);
    integrity.copy(answer, integrityStart, 0, integrityLength);
  }
  return answer;
}

/** Begins a login. */
export function openNtlm(login: NtlmLogin): SecurityContext {
  const first = Buffer.concat([
    ...[signature, u32(messageType.negotiate), u32(flags), Buffer.alloc(24)],
  ]);
  let isComplete = false;
  return {
    next(answer) {
      if (answer === undefined) return first;
      isComplete = true;
      return answerChallenge(login, first, Buffer.from(answer));
    },
    get isComplete() {
      return isComplete;
    },
    close() {
      // Nothing is held.
    },
  };
}
