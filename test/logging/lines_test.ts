/**
 * What stands in a message can neither forge lines of the log nor drive a terminal.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createLog, type LogEntry, neutralise } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";

describe("neutralise", () => {
  test.each([
    ["name\n2026-01-01 ERROR forged", "name\\n2026-01-01 ERROR forged"],
    ["name\n one space", "name\\n one space"],
    ["name\n  forged detail", "name\\n  forged detail"],
    ["name\r\nforged", "name\\x0d\\nforged"],
    ["over\rwritten", "over\\x0dwritten"],
    ["\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"],
    ["\x9b31m c1 \x85 next line", "\\x9b31m c1 \\x85 next line"],
    [
      "nul\0 del\x7f back\b form\f vertical\v",
      "nul\\x00 del\\x7f back\\x08 form\\x0c vertical\\x0b",
    ],
    ["line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"],
    [
      "\u202a\u202b\u202c\u202d\u202egnp.exe",
      "\\u202a\\u202b\\u202c\\u202d\\u202egnp.exe",
    ],
    ["\u2066\u2067\u2068\u2069x", "\\u2066\\u2067\\u2068\\u2069x"],
  ])("%j", (hostile, shown) => {
    expect(neutralise(hostile)).toBe(shown);
  });

  test("leaves writing of all kinds and tabs alone", () => {
    const text = "Łukasz\tשלום مرحبا \u200f日本 👩‍💻";
    expect(neutralise(text)).toBe(text);
  });

  test("no single character of any plane gets through that a terminal obeys", () => {
    const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code);
      const shown = neutralise(`a${character}b`);
      if (character !== "\t") expect([code, obeyed.test(shown)]).toEqual([code, false]);
    }
  });
});

describe("a log", () => {
  const entries: LogEntry[] = [];
  const redactor = createRedactor();
  redactor.add("two\nlines");
  const log = createLog("agent", redactor, [(entry) => entries.push(entry)]);

  test("masks before it neutralises, else a secret with a newline would be missed", () => {
    log.error("token two\nlines refused");
    expect(entries.pop()?.message).toBe("token *** refused");
  });

  test("neutralises the names of loggers too", () => {
    log.named("okta\n  INFO forged\x1b[0m").info("x");
    expect(entries.pop()?.name).toBe("okta\\n  INFO forged\\x1b[0m");
  });

  test("indents details, each of which stays one line", () => {
    log.error("head\n  forged", ["one\n  forged", "two two\nlines"]);
    expect(entries.pop()?.message).toBe("head\\n  forged\n  one\\n  forged\n  two ***");
  });

  test("gives every sink the same entry", () => {
    const seen: LogEntry[][] = [[], []];
    const both = createLog("a", redactor, seen.map((list) => (entry) => list.push(entry)));
    both.debug("1");
    both.warning("2");
    expect(seen[0]?.map(({ level, message }) => `${level} ${message}`))
      .toEqual(["debug 1", "warning 2"]);
    expect(seen[1]).toEqual(seen[0] ?? []);
  });
});
