/**
 * JSON whose whole numbers keep all their digits.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { parseExactJson, stringifyExactJson } from "../../src/base/json.ts";

describe("parseExactJson()", () => {
  test.each([
    ["89014103211118510720", 89014103211118510720n],
    ["-89014103211118510720", -89014103211118510720n],
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ['{"a":{"b":[1,9007199254740993]}}', { a: { b: [1, 9007199254740993n] } }],
    ["[\n 1,\t9007199254740993 ]", [1, 9007199254740993n]],
    ['["9007199254740993",1]', ["9007199254740993", 1]],
    ['[", 9007199254740993", 2]', [", 9007199254740993", 2]],
    ['["\\\\": 9007199254740993"]', undefined],
    ["0.30000000000000004", 0.30000000000000004],
    ["12345678901234567890.5", 12345678901234567890.5],
    ["1e300", 1e300],
    ["[12345678901234567890e1]", [12345678901234567890e1]],
    ['{"__proto__":9007199254740993}', JSON.parse('{"__proto__":1}')],
  ])("%s", (text, value) => {
    if (value === undefined) expect(() => parseExactJson(text)).toThrow(SyntaxError);
    else if (text.includes("__proto__")) {
      const parsed = parseExactJson(text) as object;
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
      expect(Object.getOwnPropertyDescriptor(parsed, "__proto__")?.value).toBe(9007199254740993n);
    } else expect(parseExactJson(text)).toEqual(value);
  });

  test("a text of any kind means the same as before, but for its large whole numbers", () => {
    const numbers = ["1", "-0", "0.1", "1e21", "123456789012345", "1234567890.123456789012345678"];
    for (const one of numbers) {
      const text = `{"n":[${one}, ${one}],"s":"${one}","big":[10000000000000000001]}`;
      const { n, s } = JSON.parse(text);
      expect(parseExactJson(text)).toEqual({ n, s, big: [10000000000000000001n] });
    }
  });
});

describe("stringifyExactJson()", () => {
  test("writes back what was parsed, digit by digit", () => {
    for (const text of ['{"a":[89014103211118510720,-9007199254740993,1.5,"x"],"b":null}', "7"]) {
      expect(stringifyExactJson(parseExactJson(text))).toBe(text);
    }
    expect(stringifyExactJson({ a: 9007199254740993n }, 2)).toBe('{\n  "a": 9007199254740993\n}');
    expect(stringifyExactJson({ d: new Date(0), n: 1n })).toBe(
      '{"d":"1970-01-01T00:00:00.000Z","n":1}',
    );
  });

  test("a ring is still an error", () => {
    const ring: Record<string, unknown> = { n: 1n };
    ring.ring = ring;
    expect(() => stringifyExactJson(ring)).toThrow(TypeError);
  });
});
