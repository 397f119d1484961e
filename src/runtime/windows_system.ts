/**
 * Programs and libraries of Windows itself by their full paths: a file of the same name in the working
 * directory, or beside the program, must not be taken for one of them. Only kernel32.dll,
 * advapi32.dll and shell32.dll are asked for by name, as Windows maps those itself (KnownDLLs). Variables
 * of the environment are not asked: they can be changed.
 *
 * @module
 */

import { dlopen, FFIType, ptr } from "bun:ffi";

const { ptr: pointer, u32, i32 } = FFIType;
const kernel = {
  GetSystemDirectoryW: { args: [pointer, u32], returns: u32 },
  SetDefaultDllDirectories: { args: [u32], returns: i32 },
} as const;

const shell = {
  SHGetFolderPathW: { args: [pointer, i32, pointer, u32, pointer], returns: i32 },
} as const;

/** MAX_PATH of minwindef.h, in characters. */
const longestPath = 260;
/** LOAD_LIBRARY_SEARCH_SYSTEM32 of libloaderapi.h. */
const onlySystem = 0x800;

/** The folder of Windows' own programs and libraries. */
export function systemFolder(): string {
  const { symbols, close } = dlopen("kernel32.dll", kernel);
  try {
    const path = Buffer.alloc(2 * longestPath);
    const length = symbols.GetSystemDirectoryW(ptr(path), longestPath);
    return path.subarray(0, 2 * length).toString("utf16le");
  } finally {
    close();
  }
}

/** CSIDL_COMMON_APPDATA of shlobj.h. */
const commonData = 0x23;

/** The folder for data of programs that all accounts share, as a rule C:\\ProgramData. */
export function commonDataFolder(): string {
  const { symbols, close } = dlopen("shell32.dll", shell);
  try {
    const path = Buffer.alloc(2 * longestPath);
    const result = symbols.SHGetFolderPathW(null, commonData, null, 0, ptr(path));
    if (result !== 0) throw new Error(`Windows does not say where ProgramData is [${result}]`);
    return path.toString("utf16le").split("\0", 1)[0] ?? "";
  } finally {
    close();
  }
}

/** The full path of a program or library of Windows. */
export function systemFile(name: string): string {
  return `${systemFolder()}\\${name}`;
}

/** Has Windows look for libraries in its own folder only. Nothing to do on other systems. */
export function refuseForeignLibraries(): void {
  if (process.platform !== "win32") return;
  const { symbols, close } = dlopen("kernel32.dll", kernel);
  symbols.SetDefaultDllDirectories(onlySystem);
  close();
}
