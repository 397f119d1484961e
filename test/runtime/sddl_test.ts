/**
 * Windows' access control lists in text form: who of the many may read, and who may write.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { broadReaders, foreignWriters } from "../../src/runtime/sddl.ts";
import { serviceSid } from "../../src/runtime/windows_acl.ts";

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
    // A member server does not abbreviate the groups of its domain.
    ["D:PAI(A;;FA;;;BA)(A;;FR;;;S-1-5-21-11-22-33-513)", ["all users of the domain"]],
    ["D:(A;;FR;;;S-1-5-21-11-22-33-514)", ["guests of the domain"]],
    ["D:(A;;FR;;;S-1-5-21-11-22-33-515)", ["all computers of the domain"]],
    ["D:(A;;FR;;;S-1-5-21-11-22-33-1513)", []],
    ["D:(A;;FR;;;NU)", ["network logons"]],
    ["D:(A;;FR;;;DC)", ["all computers of the domain"]],
    ["D:(A;;FR;;;AC)", ["all app packages"]],
    // Conditions have parentheses of their own.
    [
      "D:PAI(XA;;FR;;;WD;(Member_of {SID(BA)}))(A;;FA;;;BU)",
      ["Everyone", "Users"],
    ],
    ["D:PAI(XA;;FX;;;WD;(Member_of {SID(BA)}))(A;;FA;;;BA)S:(AU;SAFA;FR;;;WD)", []],
    ["O:BAG:DUD:PAI(A;;FA;;;SY)S:AI(AU;SAFA;FA;;;WD)", []],
  ];
  for (const [sddl, names] of lists) expect(broadReaders(sddl)).toEqual([...names]);
});

const eve = "S-1-5-21-11-22-33-1001";

test("who may write is told from who may read, owners and rights to the list among them", () => {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["O:BAD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;OICI;0x1200a9;;;BU)", []],
    ["O:SYD:AI(A;ID;FA;;;SY)(A;OICIIOID;GA;;;CO)(A;ID;0x1200a9;;;BU)", []],
    ["O:BAD:(A;;FW;;;BU)", ["BU"]],
    ["O:BAD:(A;;WDWO;;;BU)", ["BU"]],
    ["O:BAD:(A;;SD;;;BU)", ["BU"]],
    // What Windows gives folders below C:\\: on a client, and on a server.
    ["O:BAD:AI(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)", ["AU"]],
    ["O:BAD:AI(A;CIID;LC;;;BU)(A;CIID;DC;;;BU)", ["BU"]],
    [`O:${eve}D:PAI(A;;FA;;;BA)`, [eve]],
    [`O:BAD:(A;;0x1301bf;;;${eve})`, [eve]],
    ["O:BAD:(D;;FA;;;WD)(A;;FR;;;WD)", []],
    ["O:BAD:(XA;;FA;;;WD;(Member_of {SID(BA)}))", ["WD"]],
    ["O:BAD:NO_ACCESS_CONTROL", ["WD"]],
    ["O:BA", ["WD"]],
    ["O:BAD:(A;;FA;;;S-1-5-21-11-22-33-512)(A;;FA;;;S-1-5-21-11-22-33-500)", []],
    ["O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464D:(A;;FA;;;BA)", []],
  ];
  for (const [sddl, sids] of lists) {
    const found = foreignWriters(sddl, new Set()).map(({ sid }) => sid);
    expect([sddl, found]).toEqual([sddl, [...sids]]);
  }
  expect(foreignWriters(`O:${eve}D:(A;;FA;;;${eve})`, new Set([eve]))).toEqual([]);
});

test("of a folder above, what counts is whether it lets a folder in it be replaced", () => {
  // The root of a disk: everybody makes folders there, nobody replaces one.
  const root = "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" +
    "D:PAI(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)(A;;FA;;;SY)(A;OICI;0x1200a9;;;BU)";
  expect(foreignWriters(root, new Set(), "root")).toEqual([]);
  expect(foreignWriters("O:BAD:(A;;0x1301bf;;;AU)", new Set(), "root")).toEqual([]);
  // A folder that may be renamed leaves its name to another.
  expect(foreignWriters("O:BAD:(A;;0x1301bf;;;AU)", new Set(), "above")).toHaveLength(1);
  expect(foreignWriters("O:BAD:(A;;0x100116;;;AU)", new Set(), "above")).toEqual([]);
  expect(foreignWriters("O:BAD:(A;;FA;;;AU)", new Set(), "above")).toHaveLength(1);
  expect(foreignWriters(`O:${eve}D:(A;;FA;;;BA)`, new Set(), "above")).toEqual([
    { sid: eve, group: undefined, isOwner: true },
  ]);
});

test("the account of a service has the number that Microsoft documents for TrustedInstaller", () => {
  expect(serviceSid("TrustedInstaller")).toBe(
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
  );
});
