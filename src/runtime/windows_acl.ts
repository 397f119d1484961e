/**
 * Asks Windows (advapi32.dll) for the access control list of a file.
 *
 * @module
 */

import { dlopen, FFIType, type Pointer, ptr, toArrayBuffer } from "bun:ffi";

const { ptr: pointer, u32, i32 } = FFIType;
const security = {
  GetNamedSecurityInfoW: {
    args: [pointer, u32, u32, pointer, pointer, pointer, pointer, pointer],
    returns: u32,
  },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: {
    args: [pointer, u32, u32, pointer, pointer],
    returns: i32,
  },
} as const;
const memory = { LocalFree: { args: [pointer], returns: pointer } } as const;

/** SE_FILE_OBJECT of accctrl.h. */
const fileObject = 1;
/** DACL_SECURITY_INFORMATION of winnt.h. */
const accessList = 4;
/** SDDL_REVISION_1 of sddl.h. */
const revision = 1;

function pointerIn(cell: Buffer): Pointer {
  return Number(cell.readBigUInt64LE(0)) as Pointer;
}

/**
 * The access control list of a file in SDDL.
 *
 * @throws {Error} with Windows' number when the call fails.
 */
export function readSddl(path: string): string {
  const advapi = dlopen("advapi32.dll", security);
  const kernel = dlopen("kernel32.dll", memory);
  const name = Buffer.from(`${path}\0`, "utf16le");
  const descriptor = Buffer.alloc(8);
  const text = Buffer.alloc(8);
  const length = Buffer.alloc(4);
  try {
    const code = advapi.symbols.GetNamedSecurityInfoW(
      ...[ptr(name), fileObject, accessList, null, null, null, null, ptr(descriptor)] as const,
    );
    if (code !== 0) throw new Error(`Windows does not report who can read ${path} [${code}]`);
    const converted = advapi.symbols.ConvertSecurityDescriptorToStringSecurityDescriptorW(
      ...[pointerIn(descriptor), revision, accessList, ptr(text), ptr(length)] as const,
    );
    if (converted === 0) throw new Error(`Windows does not describe who can read ${path}`);
    const units = length.readUInt32LE(0);
    const bytes = new Uint8Array(toArrayBuffer(pointerIn(text), 0, units * 2));
    return new TextDecoder("utf-16le").decode(bytes).replaceAll("\0", "");
  } finally {
    for (const cell of [text, descriptor]) {
      if (cell.readBigUInt64LE(0) !== 0n) kernel.symbols.LocalFree(pointerIn(cell));
    }
    advapi.close();
    kernel.close();
  }
}
