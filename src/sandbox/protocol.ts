/**
 * What the agent and its sandbox process say to each other: frames of a kind and a text.
 *
 * A frame is the length of its text in bytes (4 bytes, big-endian), one byte for its kind, and the text
 * in UTF-8.
 *
 * @module
 */

/** The languages of user code. */
export type Language = "javascript" | "python";

/** A piece of user code as the sandbox process gets it. */
export interface GuestProgram {
  readonly language: Language;
  readonly kind: "converter" | "filter";
  /** Lower-case. */
  readonly name: string;
  /** A JavaScript function expression. */
  readonly code: string;
}

/** What user code may use up. */
export interface SandboxLimits {
  /** Memory that the process may take for user code, in MiB; 16 of them go to the engine. */
  readonly memoryMb: number;
  /** Time for one record in milliseconds. */
  readonly recordMs: number;
  /** Time for all records of a run in milliseconds; absent = no limit. */
  readonly runMs?: number | undefined;
  /** Stack of the interpreter in KiB. */
  readonly stackKb: number;
}

/** What user code made of a record. */
export type SandboxOutcome =
  | {
    readonly keep: true;
    readonly results: readonly unknown[];
    /** The calls that threw, by their number, and why; their results are null. */
    readonly failures?: readonly { readonly call: number; readonly reason: string }[];
  }
  | { readonly keep: false }
  | { readonly failed: string };

/** The first frame to the sandbox process: all that it needs for a run. */
export interface GuestSetup {
  readonly programs: readonly GuestProgram[];
  readonly calls: readonly {
    /** Place in `programs`. */
    readonly program: number;
    readonly field: string;
    readonly params: Readonly<Record<string, string | true>>;
  }[];
  /** Place of the filter in `programs`. */
  readonly filter: number | null;
  readonly limits: SandboxLimits;
  /** The time that user code sees, in milliseconds since 1970. */
  readonly now: number;
}

/** Place of an error: number of the program, and line in its code. */
export type GuestPosition = readonly [program: number, line: number];

/** An error of a kind that came up while a batch was worked on. */
export interface GuestError {
  readonly program: number;
  readonly position: GuestPosition | null;
  readonly text: string;
  readonly count: number;
}

/**
 * What became of one record: 0 = the filter dropped it, a list = the results of its calls, an object with
 * `text` = its filter threw, one with `results` = some of its calls threw.
 */
export type GuestOutcome =
  | 0
  | readonly unknown[]
  | { readonly text: string; readonly position: GuestPosition | null }
  | {
    readonly results: readonly unknown[];
    readonly failures: readonly {
      /** Its number among the calls. */
      readonly call: number;
      readonly text: string;
      readonly position: GuestPosition | null;
    }[];
  };

/** What became of a batch, or of its first records. */
export interface GuestReply {
  readonly outcomes: readonly GuestOutcome[];
  readonly errors: readonly GuestError[];
  /** Lines for the log by number of the program. */
  readonly logged: Readonly<
    Record<
      string,
      { readonly entries: readonly (readonly [string, string])[]; readonly dropped: number }
    >
  >;
}

/** Why a batch came to an early end. */
export interface GuestFailure {
  /** The record that was being worked on, counted from 0 in the batch. */
  readonly at: number;
  /** Whether that record alone is to blame, and not what came before it in the same process. */
  readonly sure: boolean;
  /** `time`: it took too long; `memory`: it took too much; `broken`: anything else. */
  readonly why: "time" | "memory" | "broken";
  readonly detail: string;
}

export interface BatchAnswer {
  /** Absent when the records before the failure are not known to be done. */
  readonly reply: GuestReply | null;
  readonly failure: GuestFailure | null;
  /** The process ends after this answer: its instance is used up. */
  readonly last: boolean;
}

/** A program that the engine does not take, though the parser did. */
export interface LoadProblem {
  readonly program: number;
  readonly message: string;
  /** Line in the program's code, 0 when unknown. */
  readonly line: number;
}

export const frameKind = {
  /** To the process: a {@linkcode GuestSetup}. */
  setup: 1,
  /** To the process: lines of `[record, values]`. */
  batch: 2,
  /** From the process: ready for batches. */
  ready: 3,
  /** From the process: a {@linkcode LoadProblem}. */
  refused: 4,
  /** From the process: a {@linkcode BatchAnswer}. */
  answer: 5,
  /** From the process: still at work, on the next record. */
  alive: 6,
  /** To the process, instead of a setup: a `PacTask`. */
  pacTask: 7,
  /** From the process: a `PacReply`. */
  pacReply: 8,
} as const;

/** One message over the pipe: one of {@linkcode frameKind}, and JSON or JSON lines. */
export interface Frame {
  readonly kind: number;
  readonly text: string;
}

const headerSize = 5;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a frame. */
export function encodeFrame(kind: number, text: string): Uint8Array {
  const body = encoder.encode(text);
  const bytes = new Uint8Array(headerSize + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes[4] = kind;
  bytes.set(body, headerSize);
  return bytes;
}

/** Puts frames together from bytes that arrive in pieces. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** Takes some bytes and gives the frames that are now complete. */
  push(bytes: Uint8Array): readonly Frame[] {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    const frames: Frame[] = [];
    while (this.#size >= headerSize) {
      const header = this.#peek(headerSize);
      const length = new DataView(header.buffer, header.byteOffset).getUint32(0);
      if (this.#size < headerSize + length) break;
      const whole = this.#peek(headerSize + length);
      this.#drop(headerSize + length);
      const text = decoder.decode(whole.subarray(headerSize, headerSize + length));
      frames.push({ kind: whole[4] ?? 0, text });
    }
    return frames;
  }

  /** At least so many bytes from the front, in one piece. */
  #peek(count: number): Uint8Array {
    const first = this.#pieces[0] ?? new Uint8Array();
    if (first.length >= count) return first;
    const joined = new Uint8Array(this.#size);
    let position = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, position);
      position += piece.length;
    }
    this.#pieces = [joined];
    return joined;
  }

  #drop(count: number): void {
    const first = this.#pieces[0] ?? new Uint8Array();
    this.#pieces[0] = first.subarray(count);
    this.#size -= count;
    if (this.#size === 0) this.#pieces = [];
  }
}
