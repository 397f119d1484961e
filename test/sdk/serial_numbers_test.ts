/**
 * Serial numbers that are none, and which paths of the sources hold them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { isPlaceholderSerial, isSerialName } from "../../src/sdk/mod.ts";
import { sources } from "../../src/sources/mod.ts";

test.each([
  "To Be Filled By O.E.M.",
  "To be filled by O.E.M. by More String",
  "TO BE FILLED BY O.E.M",
  "Default string",
  " default  string ",
  "System Serial Number",
  "SystemSerialNumb",
  "Chassis Serial Number",
  "Not Specified",
  "Not Applicable",
  "None",
  "N/A",
  "(null string)",
  "INVALID",
  "0",
  "0000000",
  "........",
  "XXXXXXXXXX",
  "NNNNNNN",
  "Serial Number xxxxxx",
  "1111111111",
  "123456789",
  "0123456789",
  "SYS-1234567890",
  "MB-1234567890",
  "EVAL",
])("manufacturers write %p instead of a serial number", (text) => {
  expect(isPlaceholderSerial(text)).toBe(true);
});

test.each([
  "C02XK0AAJHD2",
  "5CG1234",
  "1",
  "42",
  "1000",
  "S1",
  "A",
  "00A1",
  "NOTEBOOK-0",
  "x1",
  "SN0",
  "",
  "      ",
])(
  "%p may be a serial number",
  (text) => {
    expect(isPlaceholderSerial(text)).toBe(false);
  },
);

test("columns of serial numbers are known by their names", () => {
  for (const name of ["Serial", "serial number", "SerialNumber", "SERIAL_NUMBER", "S/N", "sn"]) {
    expect(isSerialName(name)).toBe(true);
  }
  for (const name of ["Serial port", "Snail", "Name", "SIM serial", "id"]) {
    expect(isSerialName(name)).toBe(false);
  }
});

test("every source with serial numbers says where they are", () => {
  const found = sources.flatMap((source) =>
    Object.keys(source.fields ?? {})
      .filter((path) => /(^|\.)serial_?number$/i.test(path))
      .map((path) => ({ source: source.name, path, isSerial: source.isSerial?.(path) ?? false }))
  );
  expect(found.filter(({ isSerial }) => !isSerial)).toEqual([]);
  expect(new Set(found.map(({ source }) => source))).toEqual(
    new Set([
      "airwatch",
      "apple_business",
      "appledep",
      "casper",
      "ldap_assets",
      "mobileiron",
      "sccm",
    ]),
  );
});
