/**
 * A section whose user code is plain in all of its parts: most of its records need no sandbox.
 *
 * @module
 */

import type { PreparedProgram } from "../prepare.ts";
import type { SandboxOutcome } from "../protocol.ts";
import { given, goesOn, type Plain, type PlainBody, undecided, unsure } from "./values.ts";

/** What becomes of a record, or undefined when the sandbox has to decide. */
export type PlainSection = (
  record: unknown,
  values: readonly unknown[],
) => Exclude<SandboxOutcome, { failed: string }> | undefined;

/** Joins the filter and the called converters of a section; undefined when one is not plain. */
export function plainSection(
  called: readonly (PreparedProgram | undefined)[],
  filter: PreparedProgram | undefined,
): PlainSection | undefined {
  const bodies = called.map((program) => program?.plain).filter((plain) => plain !== undefined);
  if (bodies.length < called.length) return undefined;
  if (filter === undefined) return (record, values) => decide(record, values, bodies);
  const test = filter.plain;
  if (test === undefined) return undefined;
  return (record, values) => decide(record, values, bodies, test);
}

function decide(
  record: unknown,
  values: readonly unknown[],
  bodies: readonly PlainBody[],
  test?: PlainBody,
): ReturnType<PlainSection> {
  try {
    if (test !== undefined && !isKept(runBody(test, record, null))) return { keep: false };
    const results = bodies.map((body, index) =>
      runBody(body, record, given(values[index] ?? null))
    );
    return { keep: true, results };
  } catch (thrown) {
    if (thrown === undecided) return undefined;
    throw thrown;
  }
}

/** Whether a result is true, where every language agrees: not so for lists. */
function isKept(result: Plain): boolean {
  return typeof result === "object" && result !== null ? unsure() : Boolean(result);
}

/** What a body gives; a table is left to the sandbox, which writes it. */
function runBody(body: PlainBody, record: unknown, value: Plain): Plain {
  const slots: Plain[] = new Array(body.slots);
  slots[0] = value;
  const result = body.run({ record, slots });
  if (result === goesOn || result === undefined) return null;
  return result instanceof Map ? unsure() : result;
}
