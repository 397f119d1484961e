/**
 * What records are called that have no value of their sync field.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { sources } from "../../src/sources/mod.ts";
import { RecordNames } from "../../src/sync/read/record_names.ts";

function page(length: number, name: string) {
  return Object.assign(Array.from({ length }, () => ({})), {
    locate: (index: number) => `${name}${index}`,
  });
}

test("a record is named by its place, or by what its source knows it by", () => {
  const names = new RecordNames({ namedBy: ["general.id", "general.name"] });
  expect(names.name({ general: { id: 12, name: "Ann's phone" } }, 3)).toBe(
    "record 3 (12, Ann's phone)",
  );
  expect(names.name({ general: { id: 12, name: "" } }, 3)).toBe("record 3 (12)");
  expect(names.name({ general: { id: {} } }, 3)).toBe("record 3");
  names.remember(page(2, "a"), 4);
  names.remember(page(3, "b"), 6);
  expect(names.name({}, 3)).toBe("record 3");
  expect(names.name({}, 5)).toBe("record 5 (a1)");
  expect(names.name({}, 6)).toBe("record 6 (b0)");
  names.forget(6);
  expect(names.name({}, 5)).toBe("record 5");
  expect(names.name({}, 8)).toBe("record 8 (b2)");
  expect(names.name({}, 9)).toBe("record 9");
});

test("every source says what its records are known by, or where they are", () => {
  for (const { name, namedBy = [], findMissing } of sources) {
    expect({ name, isNamed: namedBy.length > 0 || findMissing !== undefined }).toEqual({
      name,
      isNamed: true,
    });
  }
});
