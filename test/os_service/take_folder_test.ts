/**
 * Taking the folder of the configuration on Windows. In place of Windows stands a tree of files with
 * owners and lists, which notes what is done to it and in which order.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { type FolderSecurity, takeFolder } from "../../src/os_service/take_folder.ts";
import { windows } from "../../src/os_service/windows.ts";

const data = "C:\\ProgramData\\Oomnitza Agent";
const eve = "S-1-5-21-11-22-33-1001";
const me = "S-1-5-21-11-22-33-1002";
const service = "S-1-5-80-1-2-3-4-5";
const account = "NT SERVICE\\OomnitzaAgent";
const access = {
  closed: true,
  grants: [{ account, rights: "read" }],
  apart: [`${data}\\state`],
} as const;
const closed = `O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;${service})`;

interface Thing {
  readonly kind?: "file" | "folder" | "link" | "hard link";
  sddl: string;
}

function makeWindows(things: Record<string, Thing>) {
  const done: string[] = [];
  const security: FolderSecurity = {
    readSddl: (path) => things[path]?.sddl ?? "",
    writeSddl(path, sddl) {
      done.push(path);
      const thing = things[path];
      if (thing !== undefined) thing.sddl = sddl;
    },
    makeFolderWith(path, sddl) {
      if (path in things) return false;
      things[path] = { kind: "folder", sddl };
      done.push(`make ${path}`);
      return true;
    },
    sidOfAccount: (name) => name === account ? service : undefined,
    accountOfSid: (sid) => sid === eve ? "PC1\\eve" : sid,
    currentUserSid: () => me,
    list(folder) {
      done.push(`list ${folder}`);
      return Object.keys(things).filter((path) => path.startsWith(`${folder}\\`))
        .map((path) => path.slice(folder.length + 1)).filter((name) => !name.includes("\\"));
    },
    kindOf: (path) => things[path] === undefined ? undefined : things[path].kind ?? "file",
  };
  return { security, done, things };
}

function refusal(things: Record<string, Thing>): { error: AgentError; done: string[] } {
  const { security, done } = makeWindows(things);
  try {
    takeFolder(data, access, security);
  } catch (error) {
    if (error instanceof AgentError) return { error, done };
    throw error;
  }
  throw new Error("It was taken.");
}

test("a folder that is not there is made with its rights from the first moment", () => {
  const { security, done, things } = makeWindows({});
  takeFolder(data, access, security);
  expect(done).toEqual([`make ${data}`]);
  expect(things[data]?.sddl).toBe(closed);
});

test("a folder of the administrators is closed before anything in it is looked at", () => {
  const { security, done, things } = makeWindows({
    [data]: { kind: "folder", sddl: "O:BAD:(A;OICI;FA;;;SY)(A;CI;0x100116;;;BU)" },
    [`${data}\\config.ini`]: { sddl: `O:${me}D:(A;;FA;;;WD)` },
    [`${data}\\old`]: { kind: "folder", sddl: "O:BAD:(A;;FA;;;BU)" },
    [`${data}\\old\\a.ini`]: { sddl: `O:SYD:P(A;;FA;;;${eve})` },
    [`${data}\\state`]: { kind: "folder", sddl: `O:${service}D:(A;;FA;;;BA)` },
    [`${data}\\state\\x.sqlite`]: { sddl: `O:${service}D:(A;;FA;;;BA)` },
  });
  takeFolder(data, access, security);
  expect(done.indexOf(data)).toBeLessThan(done.indexOf(`list ${data}`));
  expect(things[data]?.sddl).toBe(closed);
  for (const name of ["config.ini", "old", "old\\a.ini"]) {
    expect(things[`${data}\\${name}`]?.sddl).toBe("O:BAD:");
  }
  // It is taken by itself.
  expect(things[`${data}\\state`]?.sddl).toContain(service);
});

test.each<[string, Record<string, Thing>, string]>([
  ["a folder that a user made first", {
    [data]: { kind: "folder", sddl: `O:${eve}D:(A;OICI;FA;;;WD)` },
  }, "belongs to PC1\\eve"],
  ["a junction in its place", {
    [data]: { kind: "link", sddl: "O:BAD:(A;OICI;FA;;;BA)" },
  }, "is a junction"],
  ["a file in its place that a user owns", {
    [data]: { kind: "file", sddl: `O:${eve}D:(A;;FA;;;BA)` },
  }, "belongs to PC1\\eve"],
  ["a configuration that a user put there", {
    [data]: { kind: "folder", sddl: "O:BAD:(A;OICI;FA;;;BA)" },
    [`${data}\\config.ini`]: { sddl: `O:${eve}D:(A;;FA;;;BA)` },
  }, "config.ini belongs to PC1\\eve"],
  ["a junction in it", {
    [data]: { kind: "folder", sddl: "O:BAD:(A;OICI;FA;;;BA)" },
    [`${data}\\state`]: { kind: "link", sddl: "O:BAD:(A;OICI;FA;;;BA)" },
  }, "state is a junction"],
  ["a second name of a file of Windows", {
    [data]: { kind: "folder", sddl: "O:BAD:(A;OICI;FA;;;BA)" },
    [`${data}\\hosts`]: { kind: "hard link", sddl: "O:SYD:(A;OICI;FA;;;BA)" },
  }, "hosts is a second name"],
])("%s is refused, with what to do", (_title, things, message) => {
  const before = structuredClone(things);
  const { error } = refusal(things);
  expect(error.message).toContain(message);
  expect(error.hint).toMatch(/icacls "C:.*" \/setowner \*S-1-5-32-544 \/T|Find out who made it/);
  for (const [path, { sddl }] of Object.entries(before)) {
    if (path !== data) expect(things[path]?.sddl).toBe(sddl);
  }
});

test("an account that Windows does not know is refused before anything is done", () => {
  const { security, done } = makeWindows({});
  const grants = [{ account: "EXAMPLE\\gone$", rights: "read" }] as const;
  expect(() => takeFolder(data, { ...access, grants }, security)).toThrow("EXAMPLE\\gone$");
  expect(done).toEqual([]);
});

test("install takes the folders before it registers anything, and prepare does nothing else", () => {
  const kinds = (steps: readonly { kind: string; path?: string }[]) =>
    steps.map(({ kind, path }) => path ?? kind);
  const folders = [data, `${data}\\state`, `${data}\\logs`, `${data}\\logging.json`];
  expect(kinds(windows.prepare(windows.defaults))).toEqual(folders);
  expect(kinds(windows.install(windows.defaults)).slice(0, 5)).toEqual([...folders, "run"]);
  const elsewhere = windows.install({
    ...windows.defaults,
    ini: "D:\\agent\\config.ini",
    state: "D:\\State\\a.sqlite",
  }).flatMap((step) => step.kind === "run" ? [step.command.slice(1)] : []);
  expect(elsewhere).toContainEqual(["D:\\agent\\config.ini", "/grant:r", `${account}:R`]);
  expect(elsewhere).toContainEqual(["D:\\State", "/grant:r", `${account}:(OI)(CI)M`]);
});
