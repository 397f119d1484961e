/**
 * Turns the bytes of an ini file into text and back, without losing a byte.
 *
 * @module
 */

import { AgentError, type Finding } from "../base/errors.ts";
import { byteOrderMark } from "./ini_lines.ts";

/** The encodings an ini file is read in. */
export type IniEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

export interface DecodedIni {
  /** A byte-order mark, if the file has one, stays in front; parser and writer allow for it. */
  readonly text: string;
  /** What to give {@linkcode encodeIni} to write the file back as it was. */
  readonly encoding: IniEncoding;
  /** What was unusual (`warning`) or impossible (`error`) about the bytes. */
  readonly findings: readonly Finding[];
}

/**
 * Decodes the bytes of an ini file: UTF-8 with or without byte-order mark, UTF-16 with one, and
 * anything else as Windows-1252 with a warning. Never throws; after an `error` finding the text has
 * U+FFFD where bytes could not be decoded.
 *
 * @param file the path to name in findings
 */
export function decodeIni(bytes: Uint8Array, file: string): DecodedIni {
  const marked = markedEncoding(bytes);
  const encoding = marked ?? "utf-8";
  const text = decodeStrictly(bytes, encoding);
  if (text !== undefined) return { text, encoding, findings: [] };
  if (marked !== undefined) return decodeBroken(bytes, marked, file);
  return {
    text: new TextDecoder("windows-1252").decode(bytes),
    encoding: "windows-1252",
    findings: [{
      code: "encoding",
      severity: "warning",
      file,
      line: brokenLine(bytes),
      message: "not UTF-8, so the file was read as Windows-1252",
      hint: "Save it as UTF-8 if letters come out wrong",
    }],
  };
}

/**
 * Encodes text as {@linkcode decodeIni} found it, so that an unchanged text gives unchanged bytes.
 *
 * @throws AgentError when Windows-1252 lacks one of its characters
 */
export function encodeIni(text: string, encoding: IniEncoding): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  if (encoding === "windows-1252") return encodeWindows(text);
  const view = new DataView(new ArrayBuffer(text.length * 2));
  const littleEndian = encoding === "utf-16le";
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index), littleEndian);
  }
  return new Uint8Array(view.buffer);
}

function markedEncoding(bytes: Uint8Array): IniEncoding | undefined {
  if (bytes[0] === 0xEF && bytes[1] === 0xBB && bytes[2] === 0xBF) return "utf-8";
  if (bytes[0] === 0xFF && bytes[1] === 0xFE) return "utf-16le";
  if (bytes[0] === 0xFE && bytes[1] === 0xFF) return "utf-16be";
  return undefined;
}

function decodeStrictly(bytes: Uint8Array, encoding: IniEncoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (thrown) {
    // The standard's way of saying that the bytes are not of this encoding.
    if (thrown instanceof TypeError) return undefined;
    throw thrown;
  }
}

function decodeBroken(bytes: Uint8Array, encoding: IniEncoding, file: string): DecodedIni {
  return {
    text: byteOrderMark + new TextDecoder(encoding).decode(bytes),
    encoding,
    findings: [{
      code: "encoding",
      severity: "error",
      file,
      line: encoding === "utf-8" ? brokenLine(bytes) : undefined,
      message: `the file begins with the mark of ${encoding.toUpperCase()} but is not valid`,
      hint: "Open it in a text editor and save it as UTF-8",
    }],
  };
}

/** 1-based line of the first bytes that are not UTF-8. */
function brokenLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    if (decodeStrictly(bytes.subarray(start, end), "utf-8") === undefined) return line;
    start = end;
  }
  return line;
}

function encodeWindows(text: string): Uint8Array {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const characters = new TextDecoder("windows-1252").decode(all);
  const byteByCharacter = new Map(Array.from(characters, (character, byte) => [character, byte]));
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const byte = byteByCharacter.get(text.charAt(index));
    if (byte === undefined) {
      throw new AgentError("the file is Windows-1252, which cannot hold all of the new text", {
        hint: "Save the file as UTF-8 first, then make the change again",
      });
    }
    bytes[index] = byte;
  }
  return bytes;
}
