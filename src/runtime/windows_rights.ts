/**
 * Rights of accounts on a machine of Windows, by its Local Security Authority (advapi32.dll).
 *
 * @module
 */

import { dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
import { toWideText } from "./wide_text.ts";

const { ptr: pointer, u32, i32 } = FFIType;
const policy = {
  LsaOpenPolicy: { args: [pointer, pointer, u32, pointer], returns: u32 },
  LsaAddAccountRights: { args: [pointer, pointer, pointer, u32], returns: u32 },
  LsaClose: { args: [pointer], returns: u32 },
  LsaNtStatusToWinError: { args: [u32], returns: u32 },
  ConvertStringSidToSidW: { args: [pointer, pointer], returns: i32 },
} as const;
const kernel = { LocalFree: { args: [pointer], returns: pointer } } as const;

/** POLICY_CREATE_ACCOUNT and POLICY_LOOKUP_NAMES of ntsecapi.h. */
const wantedAccess = 0x10 | 0x800;
/** "Log on as a service". */
const serviceLogon = "SeServiceLogonRight";

function pointerIn(cell: Buffer): Pointer {
  return Number(cell.readBigUInt64LE(0)) as Pointer;
}

/**
 * Lets an account log on as a service, which the service manager does not do by itself.
 *
 * @param sid of the account, as text
 * @throws {Error} with Windows' number when it refuses.
 */
export function allowServiceLogon(sid: string): void {
  const advapi = dlopen("advapi32.dll", policy);
  const system = dlopen("kernel32.dll", kernel);
  const [handle, account] = [Buffer.alloc(8), Buffer.alloc(8)];
  function check(status: number): void {
    if (status === 0) return;
    const code = advapi.symbols.LsaNtStatusToWinError(status);
    throw new Error(`Windows does not let the account log on as a service [${code}]`);
  }
  try {
    const attributes = Buffer.alloc(48);
    attributes.writeUInt32LE(48, 0);
    check(advapi.symbols.LsaOpenPolicy(null, ptr(attributes), wantedAccess, ptr(handle)));
    const text = toWideText(sid);
    advapi.symbols.ConvertStringSidToSidW(ptr(text), ptr(account));
    // LSA_UNICODE_STRING: its length, the length with the end, and where it is.
    const name = toWideText(serviceLogon);
    const right = Buffer.alloc(16);
    right.writeUInt16LE(name.length - 2, 0);
    right.writeUInt16LE(name.length, 2);
    right.writeBigUInt64LE(BigInt(ptr(name)), 8);
    check(
      advapi.symbols.LsaAddAccountRights(pointerIn(handle), pointerIn(account), ptr(right), 1),
    );
  } finally {
    if (handle.readBigUInt64LE(0) !== 0n) advapi.symbols.LsaClose(pointerIn(handle));
    if (account.readBigUInt64LE(0) !== 0n) system.symbols.LocalFree(pointerIn(account));
    advapi.close();
    system.close();
  }
}
