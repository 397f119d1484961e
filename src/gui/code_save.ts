/**
 * What keeps code from being saved, as findings at its field.
 *
 * @module
 */
import { blankInText, checkPiece, type Piece } from "./code_check.ts";
import { tidyCode } from "./code_text.ts";
import type { ShownFinding } from "./saving.tsx";

/** Errors in code, at a field of the form. A converter needs code; a filter may be blank. */
export async function checkCodeField(piece: Piece, field: string): Promise<ShownFinding[]> {
  if (tidyCode(piece.code) === "") {
    return piece.kind === "filter" ? [] : [{ severity: "error", field, text: "It has no code." }];
  }
  const { findings } = await checkPiece(piece);
  const errors = findings.filter(({ severity }) => severity === "error")
    .map(({ severity, line, text }) => ({ severity, field, text: `Line ${line}: ${text}` }));
  if (errors.length > 0) return errors;
  const blank = await blankInText(piece);
  if (blank === undefined) return [];
  const text = `Line ${blank} is blank inside a text, which an ini file cannot hold: ` +
    "write the line break as \\n.";
  return [{ severity: "error", field, text }];
}
