/** The runtime of Python's semantics, as one JavaScript text for QuickJS. @module */

import typesText from "./runtime/types.js" with { type: "text" };
import errorsText from "./runtime/errors.js" with { type: "text" };
import numbersText from "./runtime/numbers.js" with { type: "text" };
import decimalText from "./runtime/decimal.js" with { type: "text" };
import kindsText from "./runtime/kinds.js" with { type: "text" };
import compareText from "./runtime/compare.js" with { type: "text" };
import sequencesText from "./runtime/sequences.js" with { type: "text" };
import containersText from "./runtime/containers.js" with { type: "text" };
import reprText from "./runtime/repr.js" with { type: "text" };
import callsText from "./runtime/calls.js" with { type: "text" };
import codecsText from "./runtime/codecs.js" with { type: "text" };
import percentText from "./runtime/percent.js" with { type: "text" };
import formatText from "./runtime/format.js" with { type: "text" };
import textText from "./runtime/text.js" with { type: "text" };
import strMethodsText from "./runtime/str_methods.js" with { type: "text" };
import containerMethodsText from "./runtime/container_methods.js" with { type: "text" };
import setMethodsText from "./runtime/set_methods.js" with { type: "text" };
import operatorsText from "./runtime/operators.js" with { type: "text" };
import builtinTypesText from "./runtime/builtin_types.js" with { type: "text" };
import builtinsText from "./runtime/builtins.js" with { type: "text" };
import builtinIterationText from "./runtime/builtin_iteration.js" with { type: "text" };
import builtinNumbersText from "./runtime/builtin_numbers.js" with { type: "text" };
import clockText from "./runtime/clock.js" with { type: "text" };
import resultText from "./runtime/result.js" with { type: "text" };
import surroundingsText from "./runtime/surroundings.js" with { type: "text" };
import jsonText from "./runtime/json.js" with { type: "text" };
import reBracketsText from "./runtime/re_brackets.js" with { type: "text" };
import reSyntaxText from "./runtime/re_syntax.js" with { type: "text" };
import reMatchText from "./runtime/re_match.js" with { type: "text" };
import reText from "./runtime/re.js" with { type: "text" };
import calendarDaysText from "./runtime/calendar_days.js" with { type: "text" };
import strftimeText from "./runtime/strftime.js" with { type: "text" };
import timedeltaText from "./runtime/timedelta.js" with { type: "text" };
import momentsText from "./runtime/moments.js" with { type: "text" };
import datetimeText from "./runtime/datetime.js" with { type: "text" };
import timeText from "./runtime/time.js" with { type: "text" };
import mathText from "./runtime/math.js" with { type: "text" };
import collectionsText from "./runtime/collections.js" with { type: "text" };
import itertoolsText from "./runtime/itertools.js" with { type: "text" };
import functoolsText from "./runtime/functools.js" with { type: "text" };
import hashesText from "./runtime/hashes.js" with { type: "text" };
import codecsModulesText from "./runtime/codecs_modules.js" with { type: "text" };
import mainText from "./runtime/main.js" with { type: "text" };

/** In the order in which they can be evaluated. */
const PARTS: readonly string[] = [
  typesText,
  errorsText,
  numbersText,
  decimalText,
  kindsText,
  compareText,
  sequencesText,
  containersText,
  reprText,
  callsText,
  codecsText,
  percentText,
  formatText,
  textText,
  strMethodsText,
  containerMethodsText,
  setMethodsText,
  operatorsText,
  builtinTypesText,
  builtinsText,
  builtinIterationText,
  builtinNumbersText,
  clockText,
  resultText,
  surroundingsText,
  jsonText,
  reBracketsText,
  reSyntaxText,
  reMatchText,
  reText,
  calendarDaysText,
  strftimeText,
  timedeltaText,
  momentsText,
  datetimeText,
  timeText,
  mathText,
  collectionsText,
  itertoolsText,
  functoolsText,
  hashesText,
  codecsModulesText,
  mainText,
];

/** Makes a module part of one script. The imports are for readers and the linter: all share a scope. */
function joined(text: string): string {
  return text.replace(/^import [^;]*;\n/gm, "").replace(
    /^export (?=class|const|let|function)/gm,
    "",
  );
}

/**
 * JavaScript that defines the global `$py` and needs nothing but ECMAScript 2023: to be evaluated
 * once in a context, before any translated body.
 */
export const pythonRuntime: string = `(function(){"use strict";\n${
  PARTS.map(joined).join("")
}})();`;
