/**
 * Logging by the connector's default logging.json, and by other configurations.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Line, newFolder, removeFolders, setUp } from "./setup.ts";

const text = readFileSync(join(import.meta.dir, "../fixtures/logging.json"), "utf8");
const zone = process.env.TZ;

beforeEach(() => {
  process.env.TZ = "America/New_York";
});

afterEach(() => {
  removeFolders();
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** A configuration with one formatter `f`, one handler `h` on stdout, and the root. */
function small(format: string, rest: Record<string, unknown> = {}) {
  return {
    version: 1,
    formatters: { f: { format } },
    handlers: {
      h: { class: "logging.StreamHandler", formatter: "f", stream: "ext://sys.stdout" },
    },
    root: { level: "DEBUG", handlers: ["h"] },
    ...rest,
  };
}

describe("the default logging.json", () => {
  const lines: readonly Line[] = [
    ["okta", "debug", "GET /users"],
    ["okta", "info", "Processed 10, sent 9"],
    ["okta", "warning", "Not sent: user 7"],
    ["casper.MDM", "error", "Lost device é"],
  ];

  test("has no errors and nothing without effect", () => {
    const setup = setUp(text);
    expect(setup.logging.warnings).toEqual([]);
    expect(setup.stderr).toEqual([]);
  });

  test("creates its files in the given directory", () => {
    const setup = setUp(text);
    expect(setup.files()).toEqual(["errors.log", "info.log"]);
    expect(setup.read("info.log")).toBe("");
  });

  test("shows INFO and up on standard output, all in info.log, errors in errors.log", () => {
    const setup = setUp(text);
    const before = new Date();
    setup.write(lines);
    expect(setup.stdout).toEqual([
      "INFO - Processed 10, sent 9",
      "WARNING - Not sent: user 7",
      "ERROR - Lost device é",
    ]);
    expect(setup.stderr).toEqual([]);
    const stamp = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/;
    const shown = setup.read("info.log").replaceAll(new RegExp(stamp, "g"), "TIME");
    expect(shown).toBe(
      "okta: TIME - DEBUG - GET /users\n" +
        "okta: TIME - INFO - Processed 10, sent 9\n" +
        "okta: TIME - WARNING - Not sent: user 7\n" +
        "casper.MDM: TIME - ERROR - Lost device é\n",
    );
    expect(setup.read("errors.log").replace(stamp, "TIME"))
      .toBe("casper.MDM: TIME - ERROR - Lost device é\n");
    const written = stamp.exec(setup.read("errors.log"))?.[0] ?? "";
    const ms = new Date(written.replace(",", ".")).getTime() - before.getTime(); // both local
    expect(ms).toBeWithin(0, 5_000);
  });

  test("writes a suds line twice, because it propagates", () => {
    const setup = setUp(text);
    setup.write([["suds", "debug", "too low"], ["suds.client", "error", "twice"]]);
    expect(setup.stdout).toEqual(["ERROR - twice", "ERROR - twice"]);
    expect(setup.read("errors.log").match(/twice/g)?.length).toBe(2);
    expect(setup.read("info.log")).not.toContain("too low");
  });

  test("appends to the files of an earlier run", () => {
    const folder = newFolder();
    for (const message of ["first run", "second run"]) {
      const setup = setUp(text, folder);
      setup.log.info(message);
      setup.logging.close();
    }
    expect(readFileSync(join(folder, "info.log"), "utf8")).toMatch(/first run\n.*second run\n$/);
  });

  test("rotates at 10 MB and keeps 20 old files", () => {
    const folder = newFolder();
    for (let n = 1; n <= 20; n++) writeFileSync(join(folder, `info.log.${n}`), `old ${n}`);
    const line = "x".repeat(9_999);
    writeFileSync(join(folder, "info.log"), `${line}\n`.repeat(1_048)); // 10,480,000 bytes
    const setup = setUp(text, folder);
    setup.log.debug("fits");
    expect(setup.read("info.log.1")).toBe("old 1");
    setup.log.debug(line);
    setup.log.debug("after");
    expect(setup.read("info.log")).toMatch(/^agent: .* - DEBUG - x+\nagent: .* - after\n$/);
    expect(setup.read("info.log.1")).toHaveLength(10_480_000 + "agent: ".length + 23 + 16);
    expect(setup.read("info.log.2")).toBe("old 1");
    expect(setup.read("info.log.20")).toBe("old 19");
    expect(setup.files()).not.toContain("info.log.21");
  });
});

describe("formats", () => {
  test("fields of Python's source stay empty, unknown ones as written, both with a warning", () => {
    const setup = setUp(small("%(module)s[%(lineno)d] %(nonsense)s %(message)s"));
    setup.log.info("hello");
    expect(setup.stdout).toEqual(["[] %(nonsense)s hello"]);
    expect(setup.logging.warnings).toEqual([
      "logging.json formatters.f.format: %(module)s is not known here",
      "logging.json formatters.f.format: %(lineno)d is not known here",
      "logging.json formatters.f.format: %(nonsense)s is not known here",
    ]);
  });

  test("process and thread are numbers", () => {
    const setup = setUp(small("%(process)d %(thread)d %(process)08d %(message)s"));
    setup.log.info("x");
    const { pid } = process;
    expect(setup.stdout).toEqual([`${pid} ${pid} ${String(pid).padStart(8, "0")} x`]);
  });

  test("datefmt decides how asctime looks", () => {
    const formatters = { f: { format: "%(asctime)s %(message)s", datefmt: "%d.%m.%Y [%Q]" } };
    const setup = setUp(small("", { formatters }));
    setup.log.info("x");
    expect(setup.stdout[0]).toMatch(/^\d\d\.\d\d\.\d{4} \[%Q\] x$/);
    expect(setup.logging.warnings).toEqual([
      "logging.json formatters.f.datefmt: %Q is not known and is shown as it is",
    ]);
  });

  test("json in a formatter", () => {
    const setup = setUp(small("json"));
    setup.log.named("okta").warning('say "hi"', ["and more"]);
    const { time, ...rest } = JSON.parse(setup.stdout[0] ?? "");
    expect(rest).toEqual({ level: "WARNING", logger: "okta", message: 'say "hi"\n  and more' });
    expect(Date.now() - Date.parse(time)).toBeWithin(0, 5_000);
    expect(time).toEndWith("Z");
    expect(setup.stdout[0]).not.toContain("\n");
  });

  test("json for all handlers", () => {
    const setup = setUp({ ...JSON.parse(text), format: "json" });
    setup.log.error("bad");
    for (const line of [setup.stdout[0] ?? "", setup.read("info.log"), setup.read("errors.log")]) {
      expect(JSON.parse(line)).toMatchObject({ level: "ERROR", logger: "agent", message: "bad" });
    }
  });
});

describe("loggers", () => {
  test("an empty name or root among the loggers is the root", () => {
    for (const name of ["", "root"]) {
      const loggers = { [name]: { level: "info", handlers: ["h"] } };
      const setup = setUp(small("%(message)s", { root: undefined, loggers }));
      setup.write([["okta", "debug", "low"], ["okta", "info", "high"]]);
      expect(setup.stdout).toEqual(["high"]);
    }
  });

  test("levels in any case and as numbers", () => {
    for (const level of ["warning", "Warning", "WARN", 30, 21]) {
      const setup = setUp(small("%(message)s", { root: { level, handlers: ["h"] } }));
      setup.write([["a", "info", "low"], ["a", "warning", "high"]]);
      expect(setup.stdout).toEqual(["high"]);
    }
  });

  test("without any handler, warnings and errors still reach standard error", () => {
    const setup = setUp({ version: 1, root: { level: "DEBUG" } });
    setup.write([["a", "info", "low"], ["a", "warning", "high"]]);
    expect(setup.stderr).toEqual(["high"]);
  });

  test("a handler of an unknown class is left out with a warning", () => {
    const handlers = { ...small("").handlers, s: { class: "logging.handlers.SysLogHandler" } };
    const root = { level: "INFO", handlers: ["s", "h"] };
    const setup = setUp(small("%(message)s", { handlers, root }));
    setup.log.info("x");
    expect(setup.stdout).toEqual(["x"]);
    expect(setup.logging.warnings).toEqual([
      'logging.json handlers.s.class: "logging.handlers.SysLogHandler" is not known: ' +
      "the handler is left out",
    ]);
  });

  test("two handlers on one file share it", () => {
    const file = { class: "logging.FileHandler", filename: "x.log", formatter: "f" };
    const handlers = { one: file, two: { ...file, filename: "./x.log", level: "ERROR" } };
    const root = { level: "DEBUG", handlers: ["one", "two"] };
    const setup = setUp(small("%(message)s", { handlers, root }));
    setup.write([["a", "info", "once"], ["a", "error", "twice"]]);
    expect(setup.read("x.log")).toBe("once\ntwice\ntwice\n");
    expect(setup.logging.warnings).toEqual([
      "logging.json handlers.two: writes the same file as an earlier handler, whose mode and " +
      "limits apply to both",
    ]);
  });
});
