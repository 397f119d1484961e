/**
 * The full name of a host, as Windows resolves it (ws2_32.dll): what Kerberos knows a service by, while
 * people write short names and aliases.
 *
 * @module
 */

import { dlopen, FFIType, type Pointer, ptr, read, toArrayBuffer } from "bun:ffi";
import { isIP } from "node:net";
import { systemFile } from "./windows_system.ts";
import { toWideText } from "./wide_text.ts";

const { ptr: pointer, i32, void: nothing } = FFIType;
const sockets = {
  GetAddrInfoW: { args: [pointer, pointer, pointer, pointer], returns: i32 },
  FreeAddrInfoW: { args: [pointer], returns: nothing },
} as const;

/** AI_CANONNAME of ws2def.h. */
const withCanonicalName = 2;
/** Offset of `ai_canonname` in ADDRINFOW, with pointers of eight bytes. */
const nameOffset = 24;
/** Longest name of a host in characters, RFC 1035. */
const longestName = 255;

function textAt(address: number): string {
  const units = new Uint16Array(toArrayBuffer(address as Pointer, 0, 2 * (longestName + 1)));
  const end = units.indexOf(0);
  return String.fromCharCode(...units.subarray(0, end < 0 ? longestName : end));
}

function askWindows(host: string): string | undefined {
  const { symbols, close } = dlopen(systemFile("ws2_32.dll"), sockets);
  const hints = Buffer.alloc(48);
  hints.writeInt32LE(withCanonicalName, 0);
  const found = Buffer.alloc(8);
  try {
    if (symbols.GetAddrInfoW(ptr(toWideText(host)), null, ptr(hints), ptr(found)) !== 0) {
      return undefined;
    }
    const first = Number(found.readBigUInt64LE(0)) as Pointer;
    const name = read.ptr(first, nameOffset);
    const text = name === 0 ? undefined : textAt(name);
    symbols.FreeAddrInfoW(first);
    return text;
  } finally {
    close();
  }
}

/**
 * The full name of a host; the name itself where there is no other, where it is an address, and on
 * systems other than Windows.
 */
export function canonicalName(host: string): string {
  if (process.platform !== "win32" || isIP(host) !== 0) return host;
  const name = askWindows(host);
  return name === undefined || name === "" ? host : name.replace(/\.$/, "");
}
