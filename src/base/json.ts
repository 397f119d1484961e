/**
 * JSON that somebody else wrote.
 *
 * @module
 */

import type { ZodType } from "zod";

/** The value of a JSON text; undefined when it is not JSON, or not of the shape. */
export function parseJson<T>(text: string, shape: ZodType<T>): T | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
