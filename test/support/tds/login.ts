/**
 * What a client says before it may ask: PRELOGIN and LOGIN7, [MS-TDS] 2.2.6.5 and 2.2.6.4.
 *
 * @module
 */
import { ByteReader } from "./bytes.ts";

export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** The ENCRYPTION option of a PRELOGIN message. */
export function readEncryption(data: Buffer): number {
  for (let at = 0; data[at] !== 0xff; at += 5) {
    if (data[at] === 1) return data.readUInt8(data.readUInt16BE(at + 1));
  }
  throw new Error("A PRELOGIN message has no ENCRYPTION option.");
}

/** The answer to PRELOGIN: a version, and whether there is encryption. */
export function preloginAnswer(encrypt: number): Buffer {
  const options = [
    { token: 0, data: Buffer.of(16, 0, 0x03, 0xe8, 0, 0) },
    { token: 1, data: Buffer.of(encrypt) },
    { token: 2, data: Buffer.of(0) },
    { token: 3, data: Buffer.alloc(0) },
    { token: 4, data: Buffer.of(0) },
  ];
  let at = options.length * 5 + 1;
  const table = options.map(({ token, data }) => {
    const entry = Buffer.alloc(5);
    entry.writeUInt8(token);
    entry.writeUInt16BE(at, 1);
    entry.writeUInt16BE(data.length, 3);
    at += data.length;
    return entry;
  });
  return Buffer.concat([...table, Buffer.of(0xff), ...options.map(({ data }) => data)]);
}

/** What a client logs in with. */
export interface Login {
  /** As negotiated: 0x74000004 is version 7.4. */
  readonly tdsVersion: number;
  readonly packetSize: number;
  readonly hostName: string;
  readonly userName: string;
  /** In the clear: what travels is only disguised. */
  readonly password: string;
  readonly appName: string;
  readonly serverName: string;
  readonly database: string;
  /** Whether the login is by SSPI. */
  readonly integrated: boolean;
  /** Whether the client says that it only reads. */
  readonly readOnly: boolean;
  /** The first token of the SSPI exchange. */
  readonly sspi: Buffer;
}

/** Each byte has its halves swapped and is then changed by XOR with 0xA5. */
function revealPassword(bytes: Buffer): string {
  const clear = bytes.map((byte) => {
    const swapped = byte ^ 0xa5;
    return ((swapped << 4) | (swapped >> 4)) & 0xff;
  });
  return Buffer.from(clear).toString("utf16le");
}

/** Reads a LOGIN7 message. */
export function readLogin(data: Buffer): Login {
  if (data.readUInt32LE(0) !== data.length) throw new Error("LOGIN7 names another length.");
  function part(at: number, unit: 1 | 2): Buffer {
    return new ByteReader(data, data.readUInt16LE(at)).bytes(data.readUInt16LE(at + 2) * unit);
  }
  const text = (at: number) => part(at, 2).toString("utf16le");
  return {
    tdsVersion: data.readUInt32LE(4),
    packetSize: data.readUInt32LE(8),
    integrated: (data.readUInt8(25) & 0x80) !== 0,
    readOnly: (data.readUInt8(26) & 0x20) !== 0,
    hostName: text(36),
    userName: text(40),
    password: revealPassword(part(44, 2)),
    appName: text(48),
    serverName: text(52),
    database: text(68),
    sspi: part(78, 1),
  };
}
