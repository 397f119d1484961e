/**
 * Windows' access control lists in text form: who of the many may read.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { broadReaders } from "../../src/runtime/sddl.ts";

test("broad groups with a right to read are named, others are not", () => {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)", [
      "Users",
      "Authenticated Users",
    ]],
    ["D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1-2-3-1001)", []],
    ["D:(A;;FR;;;WD)(A;;GR;;;S-1-1-0)", ["Everyone"]],
    ["D:(A;;0x80000000;;;S-1-5-32-545)", ["Users"]],
    ["D:(A;OICIIO;FA;;;BU)", []],
    ["D:(A;OICI;FA;;;BU)", ["Users"]],
    ["D:(D;;FA;;;WD)(A;;0x100116;;;BU)", []],
    ["D:(A;;FW;;;AN)(A;;CCLC;;;BG)", ["Guests"]],
    ["D:NO_ACCESS_CONTROL", ["Everyone"]],
    ["D:P", []],
    ["O:BAG:SYD:(A;;GA;;;IU)", ["interactive users"]],
    ["", ["Everyone"]],
  ];
  for (const [sddl, names] of lists) expect(broadReaders(sddl)).toEqual([...names]);
});
