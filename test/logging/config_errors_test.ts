/**
 * What is wrong with a logging configuration is reported with its line, all at once.
 *
 * @module
 */
import { afterEach, describe, expect, test } from "bun:test";
import { ConfigError, formatFinding } from "../../src/base/errors.ts";
import { readSettings } from "../../src/logging/dict_config.ts";
import { findJsonError } from "../../src/logging/json.ts";
import { removeFolders, setUp } from "./setup.ts";

afterEach(removeFolders);

function listErrors(config: unknown): string[] {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  try {
    readSettings(text, "logging.json");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toContain("the logging configuration logging.json");
    return error.findings.map(formatFinding);
  }
  return [];
}

describe("not JSON", () => {
  test.each([
    ['{\n  "version": 1,\n}', '3 at column 1: found "}" where a name in double quotes is expected'],
    ['{"version": 1', "1 at column 14: the file ends where"],
    ["{'version': 1}", "1 at column 2: found \"'version'\", which is not JSON. Strings are"],
    ['{"a": 1}\n{"b": 2}', '2 at column 1: found "{" where the end of the file is expected'],
    ['{"a" 1}', '1 at column 6: found "1" where ":" is expected'],
    ['{"a": [1 2]}', '1 at column 10: found "2" where "," or the closing bracket is expected'],
    ['{"a": [1, }', '1 at column 11: found "}" where a value is expected'],
    ['{"a": [1}', '1 at column 9: found "}" where "," or the closing bracket is expected'],
    ['{"a": True}', '1 at column 7: found "True", which is not JSON'],
    ['{"a": 01}', '1 at column 8: found "1" where "," or the closing bracket is expected'],
    ["", "1 at column 1: the file ends where a value is expected"],
    ['{"a": "b\nc"}', "1 at column 7: the string that starts here is not closed"],
  ])("%j", (text, expected) => {
    const [error = "", ...more] = listErrors(text);
    expect(more).toEqual([]);
    expect(error.replace("is not valid JSON at", "at")).toStartWith("logging.json:");
    expect(error.replace(": is not valid JSON at", " at")).toContain(`logging.json:${expected}`);
  });

  test.each([
    [String.raw`{"filename": "C:\logs\info.log"}`, "Write a backslash as \\\\"],
    ['{"a": 1,}', "Remove the comma before it"],
    ["{'a': 1}", "Strings are written in double quotes"],
    ['{ // note\n"a": 1}', "JSON has no comments"],
  ])("%j comes with a hint", (text, hint) => {
    expect(findJsonError(text)?.hint).toBe(hint);
  });

  test("deep nesting is an error without a position, not a crash", () => {
    expect(listErrors("[".repeat(200_000))).toEqual(["logging.json: is not valid JSON"]);
  });

  test("what is JSON has no error", () => {
    const sound = ["0", "-1.5e+3", '"\\u00e9\\n\x7f"', "[]", "{}", ' {"a": [true, null, {}]} \n'];
    for (const text of sound) {
      expect(JSON.stringify(JSON.parse(text))).toBeString();
      expect(findJsonError(text)).toBeUndefined();
    }
  });

  test("every cut of a configuration is a error, and every error of the parser is found", () => {
    const text = '{"a": [1, -2.5, "x\\"y\\\\"], "b": {"c": null, "d": true}, "e": {}}';
    for (let length = 0; length < text.length; length++) {
      expect(findJsonError(text.slice(0, length))).toBeDefined();
      const damaged = `${text.slice(0, length)}${text.slice(length + 1)}`;
      expect([damaged, findJsonError(damaged) === undefined]).toEqual([damaged, parses(damaged)]);
    }
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("JSON that cannot be used", () => {
  test("all errors at once, each with its line", () => {
    expect(listErrors({
      formatters: { plain: { format: "no field" }, curly: { format: "{message}", style: "{" } },
      handlers: {
        console: { class: "logging.StreamHandler", level: "LOUD", stream: "ext://sys.stdin" },
        file: { class: "logging.FileHandler", formatter: "none", mode: "x" },
        rotating: { class: "lib.config.RotateHandler", filename: "C:\new.log", maxBytes: "10 MB" },
        classless: {},
      },
      loggers: { okta: { handlers: "console", propagate: "no" }, casper: 5 },
      root: { handlers: ["consle"] },
    })).toEqual([
      'logging.json version: is missing. The file must say "version": 1',
      'logging.json formatters.plain.format: "no field" has no field, such as %(message)s',
      'logging.json formatters.curly.style: "{" is not supported. Write the fields of format as %(name)s and leave style out',
      'logging.json formatters.curly.format: "{message}" has no field, such as %(message)s',
      'logging.json handlers.console.level: "LOUD" is not a level. Use DEBUG, INFO, WARNING, ERROR, CRITICAL or a number',
      'logging.json handlers.console.stream: "ext://sys.stdin" is not a stream. Use ext://sys.stdout or ext://sys.stderr',
      'logging.json handlers.file.formatter: there is no formatter "none"',
      'logging.json handlers.file.mode: "x" is not a mode. Use a or w',
      "logging.json handlers.file.filename: is missing",
      'logging.json handlers.rotating.filename: "C:\\new.log" contains a control character. Write a backslash as \\\\',
      'logging.json handlers.rotating.maxBytes: must be a whole number of 0 or more, not "10 MB"',
      "logging.json handlers.classless.class: is missing",
      'logging.json loggers.okta.propagate: must be true or false, not "no"',
      'logging.json loggers.okta.handlers: must be a list of strings, not "console"',
      "logging.json loggers.casper: must be an object, not 5",
      'logging.json root.handlers: there is no handler "consle"',
    ]);
  });

  test.each([
    ["null", "must be an object, not null"],
    ["[]", "must be an object, not []"],
    ['{"version": 2}', 'version: is not 1. The file must say "version": 1'],
    ['{"version": 1, "format": "text"}', 'format: "text" is not supported'],
  ])("%s", (text, expected) => {
    expect(listErrors(text)[0]).toContain(expected);
  });
});

test("what has no effect is a warning", () => {
  const setup = setUp({
    version: 1,
    incremental: false,
    disable_existing_loggers: true,
    filters: {},
    formatters: { f: { format: "%(message)s", defaults: {} } },
    handlers: {
      h: { class: "logging.StreamHandler", filters: ["x"], __proto__: null },
      f: { class: "logging.FileHandler", filename: "f.log", encoding: "utf-16" },
    },
    root: { handlers: ["h"], filters: ["x"] },
  });
  expect(setup.logging.warnings).toEqual([
    "logging.json incremental: is not known and has no effect",
    "logging.json filters: is not known and has no effect",
    "logging.json formatters.f.defaults: is not known and has no effect",
    "logging.json handlers.h.filters: is not known and has no effect",
    'logging.json handlers.f.encoding: "utf-16" has no effect: log files are written in UTF-8',
    "logging.json root.filters: is not known and has no effect",
  ]);
});
