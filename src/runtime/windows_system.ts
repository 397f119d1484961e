/**
 * Programs and libraries of Windows itself by their full paths: a file of the same name in the working
 * directory, or beside the program, must not be taken for one of them. Only kernel32.dll and
 * advapi32.dll are asked for by name, as Windows maps those itself (KnownDLLs).
 *
 * @module
 */

import { dlopen, FFIType, ptr } from "bun:ffi";

const { ptr: pointer, u32, i32 } = FFIType;
const kernel = {
  GetSystemDirectoryW: { args: [pointer, u32], returns: u32 },
  SetDefaultDllDirectories: { args: [u32], returns: i32 },
} as const;

/** MAX_PATH of minwindef.h, in characters. */
const longestPath = 260;
/** LOAD_LIBRARY_SEARCH_SYSTEM32 of libloaderapi.h. */
const onlySystem = 0x800;

/** The folder of Windows' own programs and libraries; Windows tells it, as variables can be changed. */
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
