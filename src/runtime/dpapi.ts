/**
 * Windows' Data Protection API (crypt32.dll): what it protects for the machine can be read on that
 * machine only.
 *
 * @module
 */

import { dlopen, FFIType, type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { systemFile } from "./windows_system.ts";

const { ptr: pointer, u32, i32 } = FFIType;
const args = [pointer, pointer, pointer, pointer, pointer, u32, pointer] as const;
const crypt = {
  CryptProtectData: { args, returns: i32 },
  CryptUnprotectData: { args, returns: i32 },
} as const;
const kernel = { LocalFree: { args: [pointer], returns: pointer } } as const;

/** CRYPTPROTECT_UI_FORBIDDEN and CRYPTPROTECT_LOCAL_MACHINE of dpapi.h. */
const flags = 0x1 | 0x4;

/** Whether this system has it. */
export function hasDpapi(): boolean {
  return process.platform === "win32";
}

/** DATA_BLOB: a length, and where the bytes are. */
function blobOf(bytes: Uint8Array): Buffer {
  const blob = Buffer.alloc(16);
  blob.writeUInt32LE(bytes.length, 0);
  blob.writeBigUInt64LE(BigInt(ptr(bytes)), 8);
  return blob;
}

function call(name: keyof typeof crypt, bytes: Uint8Array): Uint8Array | undefined {
  const library = dlopen(systemFile("crypt32.dll"), crypt);
  const system = dlopen("kernel32.dll", kernel);
  const output = Buffer.alloc(16);
  try {
    const done = library.symbols[name](
      ...[ptr(blobOf(bytes)), null, null, null, null, flags, ptr(output)] as const,
    );
    if (done === 0) return undefined;
    const at = Number(output.readBigUInt64LE(8)) as Pointer;
    const result = new Uint8Array(toArrayBuffer(at, 0, output.readUInt32LE(0))).slice();
    system.symbols.LocalFree(at);
    return result;
  } finally {
    library.close();
    system.close();
  }
}

/** Protects bytes for this machine; undefined when Windows refuses. */
export function protectForMachine(bytes: Uint8Array): Uint8Array | undefined {
  return call("CryptProtectData", bytes);
}

/** What was protected on this machine; undefined when it was not. */
export function unprotectForMachine(bytes: Uint8Array): Uint8Array | undefined {
  return call("CryptUnprotectData", bytes);
}
