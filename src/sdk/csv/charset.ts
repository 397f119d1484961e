/**
 * From the bytes of a CSV file to its text: byte order marks, strict UTF-8, Windows-1252 as the
 * fallback, and any other encoding that is asked for by name.
 *
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { SourceError } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";
import { ownEntry } from "../../base/record.ts";

/** Turns whole lines of one file into text. */
export interface LineDecoder {
  /** Length in bytes of the byte order mark at the start of the file. */
  readonly mark: number;
  /** Where the last whole line of some bytes ends, in bytes; 0 when no line ends in them. */
  lineEnd(bytes: Uint8Array): number;
  /**
   * Decodes whole lines, of which the first is line `line` of the file.
   *
   * @throws {SourceError} Naming file and line when the bytes are not what the encoding says.
   */
  decode(bytes: Uint8Array, line: number): string;
}

/** How wide a code unit is, in bytes, and where in it the low byte lies. */
interface Layout {
  readonly width: 1 | 2;
  readonly low: 0 | 1;
}

const lineFeed = 10;
const carriageReturn = 13;

/** In every encoding with this layout that TextDecoder knows, bytes below 0x20 stand for themselves. */
const ascii: Layout = { width: 1, low: 0 };
const layouts: Readonly<Record<string, Layout>> = {
  "utf-16le": { width: 2, low: 0 },
  "utf-16be": { width: 2, low: 1 },
};

const marks: readonly { readonly encoding: string; readonly bytes: readonly number[] }[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];

/** Spellings that people use and TextDecoder does not know. */
const otherNames: Readonly<Record<string, string>> = {
  "latin-1": "windows-1252",
  "latin_1": "windows-1252",
  "utf_8": "utf-8",
  "utf-8-sig": "utf-8",
  "utf_8_sig": "utf-8",
};

/**
 * The canonical name of an encoding: `auto`, or a name that TextDecoder takes.
 *
 * @returns `undefined` when nobody knows it.
 */
export function canonicalEncoding(label: string): string | undefined {
  const name = label.trim().toLowerCase();
  if (name === "auto") return name;
  try {
    return new TextDecoder(ownEntry(otherNames, name) ?? name).encoding;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * Creates the decoder for one file.
 *
 * A byte order mark always decides. Without one, `auto` reads a file in which every other byte of the
 * start is zero as UTF-16, and any other as UTF-8 up to the first line that is not UTF-8. What then
 * follows depends on what came before. If the lines before were plain ASCII, the file is Windows-1252:
 * that line and all later ones are read so, and as ASCII is the same in both, nothing before it was
 * misread. If valid UTF-8 accents came before, the file is UTF-8 with damage in it: only bytes that are
 * not UTF-8 are read as Windows-1252, run by run. Either way the file is read once, whatever its size,
 * and one warning names the first such line.
 *
 * @param head The first bytes of the file, at least four unless the file is shorter.
 * @param encoding Canonical name, see {@linkcode canonicalEncoding}.
 * @throws {SourceError} When the file is no text file.
 */
export function createLineDecoder(
  head: Uint8Array,
  encoding: string,
  file: string,
  log: Log,
): LineDecoder {
  const marked = marks.find((mark) => mark.bytes.every((byte, index) => head[index] === byte));
  const mark = marked?.bytes.length ?? 0;
  const name = marked?.encoding ?? (encoding === "auto" ? bareUtf16(head) : encoding) ?? "auto";
  const layout = layouts[name] ?? ascii;
  if (layout.width === 1) refuseBinary(head, file);
  const guesses = name === "auto" || (encoding === "auto" && name === "utf-8");
  const decode = guesses ? guessingDecode(file, log, mark > 0) : strictDecode(name, layout, file);
  return { mark, lineEnd: (bytes) => lastLineEnd(bytes, layout), decode };
}

/** UTF-16 without a mark: the first two characters of a header are ASCII, so two bytes are zero. */
function bareUtf16(head: Uint8Array): string | undefined {
  if (head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return "utf-16le";
  if (head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return "utf-16be";
  return undefined;
}

function refuseBinary(head: Uint8Array, file: string): void {
  const hint = "Export the sheet as CSV UTF-8 and name that file.";
  const zip = [0x50, 0x4b, 0x03, 0x04].every((byte, index) => head[index] === byte);
  if (zip) {
    throw new SourceError(
      `Cannot read ${file}: it is an Excel workbook or a zip archive, not CSV.`,
      {
        hint,
      },
    );
  }
  if (head.includes(0)) {
    throw new SourceError(`Cannot read ${file}: it has zero bytes, so it is not a text file.`, {
      hint,
    });
  }
}

/** The decoded text, or nothing when the bytes are not of that encoding. */
function tryDecode(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  if (decoder.encoding === "utf-8") {
    // A strict decoder takes many times as long for UTF-8 as a check and a lenient one.
    if (!isUtf8(bytes)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function strictDecode(name: string, layout: Layout, file: string): LineDecoder["decode"] {
  const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  return function decode(bytes, line) {
    const text = tryDecode(decoder, bytes);
    if (text !== undefined) return text;
    let bad = line;
    for (const part of splitLines(bytes, layout)) {
      if (tryDecode(decoder, part) === undefined) break;
      bad++;
    }
    throw new SourceError(`Cannot read ${file}: line ${bad} is not ${name}.`, {
      hint: "Set encoding to the one that the file was saved in, or to auto.",
    });
  };
}

function guessingDecode(file: string, log: Log, accented: boolean): LineDecoder["decode"] {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const windows = new TextDecoder("windows-1252");
  let sawAccents = accented;
  let warned = false;
  let switched = false;

  function decodeUtf8(bytes: Uint8Array): string | undefined {
    const text = tryDecode(utf8, bytes);
    // Each character beyond ASCII takes more bytes than UTF-16 units.
    if (text !== undefined && text.length !== bytes.length) sawAccents = true;
    return text;
  }

  function decodeDamaged(bytes: Uint8Array, line: number): string {
    if (!warned) {
      warned = true;
      switched = !sawAccents;
      log.warning(notUtf8(file, line, sawAccents));
    }
    if (switched) return windows.decode(bytes);
    let text = "";
    for (const run of splitRuns(bytes)) text += decodeUtf8(run) ?? windows.decode(run);
    return text;
  }

  return function decode(bytes, line) {
    if (switched) return windows.decode(bytes);
    const whole = decodeUtf8(bytes);
    if (whole !== undefined) return whole;
    let text = "";
    let number = line;
    for (const part of splitLines(bytes, ascii)) {
      text += (switched ? windows.decode(part) : decodeUtf8(part)) ?? decodeDamaged(part, number);
      number++;
    }
    return text;
  };
}

function notUtf8(file: string, line: number, sawAccents: boolean): string {
  const what = sawAccents
    ? `${file}: line ${line} is not UTF-8, though the file is; such bytes are read as Windows-1252.`
    : `${file}: line ${line} is not UTF-8; the file is read as Windows-1252 (Latin-1).`;
  return `${what} Set encoding if that is wrong.`;
}

/** The runs of ASCII and of other bytes, in turn. */
function* splitRuns(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let at = 1; at <= bytes.length; at++) {
    const goes = at < bytes.length && (bytes[at] ?? 0) < 0x80 === (bytes[start] ?? 0) < 0x80;
    if (goes) continue;
    yield bytes.subarray(start, at);
    start = at;
  }
}

/** Whether a line break is at a position; `code` is a line feed or a carriage return. */
function isBreak(bytes: Uint8Array, at: number, code: number, layout: Layout): boolean {
  if (bytes[at + layout.low] !== code) return false;
  return layout.width === 1 || bytes[at + 1 - layout.low] === 0;
}

/** Where the last break of that kind ends, 0 when there is none. */
function lastBreakEnd(bytes: Uint8Array, code: number, layout: Layout): number {
  if (layout.width === 1) return bytes.lastIndexOf(code) + 1;
  for (let at = (bytes.length & ~1) - 2; at >= 0; at -= 2) {
    if (isBreak(bytes, at, code, layout)) return at + 2;
  }
  return 0;
}

/** Lines end in a line feed, or in files from old Macs in a carriage return. */
function lastLineEnd(bytes: Uint8Array, layout: Layout): number {
  return lastBreakEnd(bytes, lineFeed, layout) || lastBreakEnd(bytes, carriageReturn, layout);
}

/** The lines of some bytes, breaks included. */
function* splitLines(bytes: Uint8Array, layout: Layout): Generator<Uint8Array> {
  const code = lastBreakEnd(bytes, lineFeed, layout) > 0 ? lineFeed : carriageReturn;
  let start = 0;
  while (start < bytes.length) {
    const end = nextBreakEnd(bytes, start, code, layout);
    yield bytes.subarray(start, end);
    start = end;
  }
}

function nextBreakEnd(bytes: Uint8Array, from: number, code: number, layout: Layout): number {
  if (layout.width === 1) return bytes.indexOf(code, from) + 1 || bytes.length;
  for (let at = from; at < bytes.length; at += 2) {
    if (isBreak(bytes, at, code, layout)) return at + 2;
  }
  return bytes.length;
}
