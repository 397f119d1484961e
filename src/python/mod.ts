/**
 * Python bodies of converters and filters: the translator and its runtime.
 *
 * @module
 */

export {
  type Refusal,
  type TranslateOptions,
  translatePython,
  type Translation,
} from "./translate.ts";
export type { Call, Expr, FormatPart, Slice, Stmt, StringValue, Subscript, Try } from "./ast.ts";
export { boundNames } from "./scope.ts";
export type { Problem } from "./problem.ts";
export type { Lookups, ReadPaths } from "./reads.ts";
