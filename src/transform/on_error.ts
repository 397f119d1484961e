/**
 * What becomes of a value that its converter could not convert.
 *
 * @module
 */

import type { OnError } from "../sdk/converter.ts";

/** Takes the place of a value where `on_error` does not want null. */
export class ConversionFailure {
  readonly onError: Exclude<OnError, "null">;
  /** Which converter failed for which field, and why, without the value. */
  readonly reason: string;

  constructor(onError: Exclude<OnError, "null">, reason: string) {
    this.onError = onError;
    this.reason = reason;
  }
}

/** How often the converter of one field failed. */
export interface ConverterCounts {
  readonly converter: string;
  /** Oomnitza field. */
  readonly field: string;
  /** Values that were there to be converted. */
  tried: number;
  failed: number;
  /** Why the first of them failed. */
  reason: string | undefined;
}

/** Counts what a converter made of a value; returns what is used instead. */
export function applyOnError(
  counts: ConverterCounts,
  onError: OnError,
  result: unknown,
  failure: string | undefined,
): unknown {
  counts.tried++;
  if (failure === undefined) return result ?? null;
  counts.failed++;
  counts.reason ??= failure;
  if (onError === "null") return result ?? null;
  return new ConversionFailure(
    onError,
    `converter ${counts.converter} of ${counts.field}: ${failure}`,
  );
}
