/**
 * Entries in Windows' Event Log (advapi32.dll), under Application.
 *
 * @module
 */

import { dlopen, FFIType, ptr } from "bun:ffi";
import { toWideText } from "./wide_text.ts";

const { ptr: pointer, u16, u32, i32 } = FFIType;
const events = {
  RegisterEventSourceW: { args: [pointer, pointer], returns: pointer },
  ReportEventW: {
    args: [pointer, u16, u16, u32, pointer, u16, u32, pointer, pointer],
    returns: i32,
  },
  DeregisterEventSource: { args: [pointer], returns: i32 },
} as const;

/** EVENTLOG_ERROR_TYPE of winnt.h. */
const errorType = 1;
/** A number for which EventCreate.exe, the file of messages, has the text itself. */
const eventNumber = 100;
/** Characters that one text of an entry may have. */
const longestText = 31_000;

/**
 * Writes an error.
 *
 * @param source The name under which the file of messages is registered.
 * @returns whether Windows took it.
 */
export function reportEvent(source: string, text: string): boolean {
  const { symbols, close } = dlopen("advapi32.dll", events);
  try {
    const name = toWideText(source);
    const handle = symbols.RegisterEventSourceW(null, ptr(name));
    if (handle === null) return false;
    const words = toWideText(text.slice(0, longestText));
    const list = Buffer.alloc(8);
    list.writeBigUInt64LE(BigInt(ptr(words)));
    const taken = symbols.ReportEventW(
      ...[handle, errorType, 0, eventNumber, null, 1, 0, ptr(list), null] as const,
    );
    symbols.DeregisterEventSource(handle);
    return taken !== 0;
  } finally {
    close();
  }
}
