/**
 * Windows' security descriptors of files, and its accounts (advapi32.dll).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dlopen, FFIType, type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { toWideText } from "./wide_text.ts";

const { ptr: pointer, u32, u64, i32 } = FFIType;
const security = {
  GetNamedSecurityInfoW: {
    args: [pointer, u32, u32, pointer, pointer, pointer, pointer, pointer],
    returns: u32,
  },
  SetNamedSecurityInfoW: {
    args: [pointer, u32, u32, pointer, pointer, pointer, pointer],
    returns: u32,
  },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: {
    args: [pointer, u32, u32, pointer, pointer],
    returns: i32,
  },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    args: [pointer, u32, pointer, pointer],
    returns: i32,
  },
  GetSecurityDescriptorOwner: { args: [pointer, pointer, pointer], returns: i32 },
  GetSecurityDescriptorDacl: { args: [pointer, pointer, pointer, pointer], returns: i32 },
  LookupAccountNameW: {
    args: [pointer, pointer, pointer, pointer, pointer, pointer, pointer],
    returns: i32,
  },
  LookupAccountSidW: {
    args: [pointer, pointer, pointer, pointer, pointer, pointer, pointer],
    returns: i32,
  },
  ConvertSidToStringSidW: { args: [pointer, pointer], returns: i32 },
  ConvertStringSidToSidW: { args: [pointer, pointer], returns: i32 },
  OpenProcessToken: { args: [u64, u32, pointer], returns: i32 },
  GetTokenInformation: { args: [u64, u32, pointer, u32, pointer], returns: i32 },
} as const;
const kernel = {
  LocalFree: { args: [pointer], returns: pointer },
  CloseHandle: { args: [u64], returns: i32 },
  CreateDirectoryW: { args: [pointer, pointer], returns: i32 },
  GetLastError: { args: [], returns: u32 },
} as const;

/** SE_FILE_OBJECT of accctrl.h. */
const fileObject = 1;
/** OWNER_, DACL_, PROTECTED_DACL_ and UNPROTECTED_DACL_SECURITY_INFORMATION of winnt.h. */
const information = { owner: 1, list: 4, closed: 0x8000_0000, inheriting: 0x2000_0000 } as const;
/** SDDL_REVISION_1 of sddl.h. */
const revision = 1;
/** TOKEN_QUERY and TokenUser of winnt.h; the pseudo handle of this process. */
const [tokenQuery, tokenUser, thisProcess] = [8, 1, 0xffff_ffff_ffff_ffffn];
/** Bytes and characters that an account's SID and names fit into. */
const [longestSid, longestName] = [68, 256];

type Symbols =
  & ReturnType<typeof dlopen<typeof security>>["symbols"]
  & ReturnType<typeof dlopen<typeof kernel>>["symbols"];

/** Calls Windows, and frees what it allocated. */
function withWindows<T>(work: (windows: Symbols, allocated: () => Buffer) => T): T {
  const libraries = [dlopen("advapi32.dll", security), dlopen("kernel32.dll", kernel)] as const;
  const symbols = { ...libraries[0].symbols, ...libraries[1].symbols };
  const cells: Buffer[] = [];
  function allocated(): Buffer {
    const cell = Buffer.alloc(8);
    cells.push(cell);
    return cell;
  }
  try {
    return work(symbols, allocated);
  } finally {
    for (const cell of cells) {
      if (cell.readBigUInt64LE(0) !== 0n) symbols.LocalFree(pointerIn(cell));
    }
    for (const library of libraries) library.close();
  }
}

function pointerIn(cell: Buffer): Pointer {
  return Number(cell.readBigUInt64LE(0)) as Pointer;
}

function textAt(address: Pointer, units: number): string {
  const text = new TextDecoder("utf-16le").decode(
    new Uint8Array(toArrayBuffer(address, 0, units * 2)),
  );
  return text.split("\0", 1)[0] ?? "";
}

/**
 * Owner and access control list of a file in SDDL.
 *
 * @throws {Error} with Windows' number when the call fails.
 */
export function readSddl(path: string): string {
  return withWindows((windows, allocated) => {
    const [name, descriptor, text, length] = [
      toWideText(path),
      allocated(),
      allocated(),
      Buffer.alloc(4),
    ];
    const parts = information.owner | information.list;
    const code = windows.GetNamedSecurityInfoW(
      ...[ptr(name), fileObject, parts, null, null, null, null, ptr(descriptor)] as const,
    );
    if (code !== 0) throw new Error(`Windows does not report who can access ${path} [${code}]`);
    const converted = windows.ConvertSecurityDescriptorToStringSecurityDescriptorW(
      ...[pointerIn(descriptor), revision, parts, ptr(text), ptr(length)] as const,
    );
    if (converted === 0) throw new Error(`Windows does not describe who can access ${path}`);
    return textAt(pointerIn(text), length.readUInt32LE(0));
  });
}

function descriptorOf(windows: Symbols, sddl: string, cell: Buffer): Pointer {
  const made = windows.ConvertStringSecurityDescriptorToSecurityDescriptorW(
    ...[ptr(toWideText(sddl)), revision, ptr(cell), null] as const,
  );
  if (made === 0) throw new Error(`Windows does not understand the access rights ${sddl}`);
  return pointerIn(cell);
}

/**
 * Makes a folder that has these access rights from its first moment.
 *
 * @returns false when there is something of that name already.
 * @throws {Error} with Windows' number when it cannot be made.
 */
export function makeFolderWith(path: string, sddl: string): boolean {
  return withWindows((windows, allocated) => {
    // SECURITY_ATTRIBUTES: its length, the descriptor, and that the handle is not inherited.
    const attributes = Buffer.alloc(24);
    attributes.writeUInt32LE(24, 0);
    const descriptor = allocated();
    descriptorOf(windows, sddl, descriptor);
    descriptor.copy(attributes, 8);
    if (windows.CreateDirectoryW(ptr(toWideText(path)), ptr(attributes)) !== 0) return true;
    const code = windows.GetLastError();
    const alreadyExists = 183;
    // The number may be gone by the time that it is asked for.
    if (code === alreadyExists || code === 0) return false;
    throw new Error(`Windows does not make the folder ${path} [${code}]`);
  });
}

/**
 * Gives a file or folder an owner and an access control list, which what lies below it inherits.
 *
 * @param sddl With `D:P…` nothing is inherited from above.
 * @throws {Error} with Windows' number when it refuses.
 */
export function writeSddl(path: string, sddl: string): void {
  withWindows((windows, allocated) => {
    const descriptor = descriptorOf(windows, sddl, allocated());
    const [owner, list, flags] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)];
    windows.GetSecurityDescriptorOwner(descriptor, ptr(owner), ptr(flags));
    windows.GetSecurityDescriptorDacl(descriptor, ptr(flags), ptr(list), ptr(flags, 4));
    // Without a list everybody could do everything.
    if (list.readBigUInt64LE(0) === 0n) throw new Error(`There is no list of rights in ${sddl}`);
    const inherits = /D:[A-Z]*P/.test(sddl) ? information.closed : information.inheriting;
    const name = toWideText(path);
    // First the list: whoever owns the file may change that, and with it the owner.
    for (
      const [parts, ofOwner, ofList] of [
        [information.list + inherits, null, pointerIn(list)],
        [information.owner, pointerIn(owner), null],
      ] as const
    ) {
      const code = windows.SetNamedSecurityInfoW(
        ...[ptr(name), fileObject, parts, ofOwner, null, ofList, null] as const,
      );
      if (code !== 0) throw new Error(`Windows refuses to set who can access ${path} [${code}]`);
    }
  });
}

function sidText(windows: Symbols, sid: Pointer, cell: Buffer): string {
  windows.ConvertSidToStringSidW(sid, ptr(cell));
  return textAt(pointerIn(cell), 2 * longestName);
}

/** The SID of the account that runs the program. */
export function currentUserSid(): string {
  return withWindows((windows, allocated) => {
    const [handle, length, user] = [Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(256)];
    const opened = windows.OpenProcessToken(thisProcess, tokenQuery, ptr(handle));
    if (opened === 0) throw new Error("Windows does not say which account runs the agent");
    const token = handle.readBigUInt64LE(0);
    const read = windows.GetTokenInformation(
      ...[token, tokenUser, ptr(user), user.length, ptr(length)] as const,
    );
    windows.CloseHandle(token);
    if (read === 0) throw new Error("Windows does not say which account runs the agent");
    return sidText(windows, pointerIn(user), allocated());
  });
}

/**
 * The SID of a service's virtual account, whether the service is registered or not: SHA-1 of its name
 * in capitals, in five numbers ("Service SIDs" in Microsoft's documentation).
 */
export function serviceSid(service: string): string {
  const hash = createHash("sha1").update(Buffer.from(service.toUpperCase(), "utf16le")).digest();
  const parts = [0, 4, 8, 12, 16].map((at) => hash.readUInt32LE(at));
  return `S-1-5-80-${parts.join("-")}`;
}

/** The SID of an account by its name; undefined when Windows knows no such account. */
export function sidOfAccount(name: string): string | undefined {
  const [, service] = /^NT SERVICE\\(.+)$/i.exec(name) ?? [];
  if (service !== undefined) return serviceSid(service);
  return withWindows((windows, allocated) => {
    const [sid, domain] = [Buffer.alloc(longestSid), Buffer.alloc(2 * longestName)];
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(longestSid, 0);
    lengths.writeUInt32LE(longestName, 4);
    const use = Buffer.alloc(4);
    const found = windows.LookupAccountNameW(
      ...[null, ptr(toWideText(name)), ptr(sid), ptr(lengths)] as const,
      ...[ptr(domain), ptr(lengths, 4), ptr(use)] as const,
    );
    return found === 0 ? undefined : sidText(windows, ptr(sid), allocated());
  });
}

/** The name of an account, `DOMAIN\name`; the SID itself where Windows knows none. */
export function accountOfSid(text: string): string {
  return withWindows((windows, allocated) => {
    const sid = allocated();
    if (windows.ConvertStringSidToSidW(ptr(toWideText(text)), ptr(sid)) === 0) return text;
    const [name, domain] = [Buffer.alloc(2 * longestName), Buffer.alloc(2 * longestName)];
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(longestName, 0);
    lengths.writeUInt32LE(longestName, 4);
    const use = Buffer.alloc(4);
    const found = windows.LookupAccountSidW(
      ...[null, pointerIn(sid), ptr(name), ptr(lengths)] as const,
      ...[ptr(domain), ptr(lengths, 4), ptr(use)] as const,
    );
    if (found === 0) return text;
    const [of, who] = [domain, name].map((cell) => cell.toString("utf16le").split("\0", 1)[0]);
    return of === "" ? who ?? text : `${of}\\${who}`;
  });
}
