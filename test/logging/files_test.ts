/**
 * Log files: rotation, durability, and a disk that refuses.
 *
 * @module
 */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LogFile, type LogFileSettings } from "../../src/logging/files.ts";
import { newFolder, removeFolders } from "./setup.ts";

afterEach(() => {
  setSystemTime();
  removeFolders();
});

function open(settings: Partial<LogFileSettings> & { readonly path: string }) {
  const messages: string[] = [];
  const file = new LogFile(
    { append: true, maxBytes: 0, backupCount: 0, delay: false, ...settings },
    (line) => messages.push(line),
  );
  return { file, messages };
}

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("writing", () => {
  test("a line is in the file when write returns", () => {
    const path = join(newFolder(), "a.log");
    const { file } = open({ path });
    file.write("one é");
    expect(readFileSync(path, "utf8")).toBe("one é\n");
  });

  test("missing directories are made, and only the owner and the group may read", () => {
    const path = join(newFolder(), "logs", "deep", "a.log");
    open({ path });
    expect(existsSync(path)).toBe(true);
    if (process.platform !== "win32") expect(statSync(path).mode & 0o007).toBe(0);
  });

  test("delay opens the file with the first line", () => {
    const path = join(newFolder(), "a.log");
    const { file } = open({ path, delay: true });
    expect(existsSync(path)).toBe(false);
    file.write("x");
    expect(readFileSync(path, "utf8")).toBe("x\n");
  });

  test("without append an old file is emptied once", () => {
    const path = join(newFolder(), "a.log");
    writeFileSync(path, "old\n");
    const { file } = open({ path, append: false });
    file.write("one");
    file.write("two");
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  });

  test("nothing is written after close, and closing twice says nothing new", () => {
    const folder = newFolder();
    const { file, messages } = open({ path: join(folder, "a.log") });
    file.write("x");
    file.close();
    file.write("y");
    file.close();
    expect(contents(folder)).toEqual({ "a.log": "x\n" });
    expect(messages).toEqual([]);
  });
});

describe("rotation", () => {
  test("moves files up and drops the oldest", () => {
    const folder = newFolder();
    const { file } = open({ path: join(folder, "a.log"), maxBytes: 5, backupCount: 3 });
    for (const line of ["one", "two", "three", "four", "five"]) file.write(line);
    expect(contents(folder)).toEqual({
      "a.log": "five\n",
      "a.log.1": "four\n",
      "a.log.2": "three\n",
      "a.log.3": "two\n",
    });
  });

  test("counts bytes, and those of an earlier run", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "a.log"), "éé\n");
    const { file } = open({ path: join(folder, "a.log"), maxBytes: 10, backupCount: 1 });
    file.write("é");
    expect(contents(folder)).toEqual({ "a.log": "éé\né\n" });
    file.write("x");
    expect(contents(folder)).toEqual({ "a.log": "x\n", "a.log.1": "éé\né\n" });
  });

  test("a line that is longer than the limit leaves no empty file behind", () => {
    const folder = newFolder();
    const { file } = open({ path: join(folder, "a.log"), maxBytes: 5, backupCount: 3 });
    file.write("far too long");
    file.write("x");
    expect(contents(folder)).toEqual({ "a.log": "x\n", "a.log.1": "far too long\n" });
  });

  test("either limit 0 lets the file grow", () => {
    for (const limits of [{ maxBytes: 0, backupCount: 3 }, { maxBytes: 5, backupCount: 0 }]) {
      const folder = newFolder();
      const { file } = open({ path: join(folder, "a.log"), ...limits });
      for (let n = 0; n < 4; n++) file.write("line");
      expect(contents(folder)).toEqual({ "a.log": "line\n".repeat(4) });
    }
  });

  test("a second writer of the file does not rotate what the first has rotated", () => {
    const folder = newFolder();
    const settings = { path: join(folder, "a.log"), maxBytes: 12, backupCount: 9 };
    const [one, two] = [open(settings).file, open(settings).file];
    for (let n = 0; n < 8; n++) {
      one.write(`one ${n}`);
      two.write(`two ${n}`);
    }
    const lines = Object.values(contents(folder)).join("").trimEnd().split("\n").sort();
    expect(lines).toHaveLength(16);
    expect(new Set(lines).size).toBe(16);
    expect(Object.values(contents(folder))).not.toContain("");
  });

  test("a file that somebody moved away is left alone", () => {
    const folder = newFolder();
    const path = join(folder, "a.log");
    const { file } = open({ path, maxBytes: 8, backupCount: 2 });
    file.write("before");
    renameSync(path, join(folder, "moved"));
    file.write("after");
    expect(contents(folder)).toEqual({ "a.log": "after\n", "moved": "before\n" });
  });

  test("when it fails the file grows on, with one message and without eating old files", () => {
    const folder = newFolder();
    const path = join(folder, "a.log");
    mkdirSync(join(folder, "a.log.1", "in the way"), { recursive: true });
    const { file, messages } = open({ path, maxBytes: 8, backupCount: 1 });
    for (const line of ["one", "two", "three", "four", "five"]) file.write(line);
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\nfour\nfive\n");
    expect(messages).toHaveLength(1);
    expect(messages[0]).toStartWith(`Cannot rotate the log file ${path}: it keeps growing: `);
    rmSync(join(folder, "a.log.1"), { recursive: true });
    file.write("and on");
    expect(contents(folder)).toEqual({
      "a.log": "and on\n",
      "a.log.1": "one\ntwo\nthree\nfour\nfive\n",
    });
  });
});

describe("a disk that refuses", () => {
  /** Linux has a device that is always full; elsewhere a directory refuses as well. */
  const full = existsSync("/dev/full") ? "/dev/full" : newFolder();

  test("is reported once, lines are counted, nothing is thrown", () => {
    const { file, messages } = open({ path: full });
    for (let n = 0; n < 3; n++) file.write("x");
    file.close();
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(
      /^Cannot write the log file .+: its lines are lost until then: the disk is full$/,
    );
    expect(messages[1]).toBe(`3 lines were lost that belong in the log file ${full}`);
  });

  test("a directory that cannot be made is reported at once", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    const { file, messages } = open({ path: join(folder, "file", "a.log") });
    expect(messages).toHaveLength(1);
    file.write("x");
    file.close();
    expect(messages[1]).toStartWith("1 line was lost");
  });

  test("is tried again after a minute", () => {
    const folder = newFolder();
    const path = join(folder, "later", "a.log");
    writeFileSync(join(folder, "later"), "");
    const { file, messages } = open({ path });
    rmSync(join(folder, "later"));
    file.write("too early");
    expect(existsSync(path)).toBe(false);
    setSystemTime(Date.now() + 60_001);
    file.write("in time");
    file.write("and on");
    file.close();
    expect(readFileSync(path, "utf8")).toBe("in time\nand on\n");
    expect(messages).toHaveLength(2);
  });
});
