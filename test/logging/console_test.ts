/**
 * The console as people see it without a logging configuration.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/logging/log.ts";
import { type ConsoleOptions, defaultSinks, programLogger } from "../../src/logging/console.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { openConsole } from "../../src/cli/console.ts";

/** What standard error shows of one line a level, with the time replaced. */
function shown(options: Partial<ConsoleOptions>): string[] {
  const lines: string[] = [];
  const sinks = defaultSinks({
    verbose: false,
    quiet: false,
    isColoured: false,
    stderr: (line) => lines.push(line),
    ...options,
  });
  const log = createLog(programLogger, createRedactor(), sinks);
  log.debug("seen closely");
  log.info("started");
  log.named("csv_assets").warning("odd");
  log.named("okta").error("bad");
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, "TIME "));
}

const grave = ["TIME WARNING [csv_assets] odd", "TIME ERROR [okta] bad"];

describe("the console shows", () => {
  test("INFO and up, the section but not the program's own name", () => {
    expect(shown({})).toEqual(["TIME INFO started", ...grave]);
  });

  test("debug lines with verbose, also beside quiet", () => {
    const all = ["TIME DEBUG seen closely", "TIME INFO started", ...grave];
    expect(shown({ verbose: true })).toEqual(all);
    expect(shown({ verbose: true, quiet: true })).toEqual(all);
  });

  test("warnings and errors only with quiet", () => {
    expect(shown({ quiet: true })).toEqual(grave);
  });

  test("warnings and errors in colour where colours are wanted", () => {
    expect(shown({ isColoured: true })).toEqual([
      "TIME INFO started",
      "TIME \x1b[33mWARNING\x1b[0m [csv_assets] odd",
      "TIME \x1b[31mERROR\x1b[0m [okta] bad",
    ]);
  });

  test("no colour when NO_COLOR is set and not empty", () => {
    expect(openConsole({ NO_COLOR: "1" }).wantsColour).toBe(false);
    expect(openConsole({ NO_COLOR: "" }).wantsColour).toBe(true);
    expect(openConsole({}).wantsColour).toBe(true);
  });
});
