/**
 * The variables that Bun reads are all disabled in a base executable, or the build stops.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { bunVariables, disableBunVariables } from "../../scripts/binary/base.ts";

function executable(...names: string[]): Buffer {
  return Buffer.from(`code\0${names.join("\0")}\0more code`, "latin1");
}

const names = bunVariables.flatMap(({ name, times }) => Array<string>(times).fill(name));

describe("disableBunVariables", () => {
  test("makes every name one that no variable can have, and changes nothing else", () => {
    const bytes = executable(...names, "PATH");
    const closed = names.map((name) => name.replace("B", "="));
    disableBunVariables(bytes);
    expect(bytes.toString("latin1")).toBe(executable(...closed, "PATH").toString("latin1"));
  });

  test.each(bunVariables.map(({ name }) => name))("refuses an executable without %s", (name) => {
    const others = names.filter((other) => other !== name);
    expect(() => disableBunVariables(executable(...others))).toThrow(`${name} 0 times`);
  });

  test("refuses an executable that reads a name in one place more", () => {
    expect(() => disableBunVariables(executable(...names, "BUN_OPTIONS"))).toThrow(
      "BUN_OPTIONS 2 times",
    );
  });

  test("knows the Bun that runs this", () => {
    expect(() => disableBunVariables(readFileSync(process.execPath))).not.toThrow();
  });
});
