/** Python bodies of converters and filters: the translator and its runtime. @module */

export { pythonRuntime } from "./runtime.ts";
export {
  type Refusal,
  type TranslateOptions,
  translatePython,
  type Translation,
} from "./translate.ts";
export type { Problem } from "./problem.ts";
export type { ReadPaths } from "./reads.ts";
