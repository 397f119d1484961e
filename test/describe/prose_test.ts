/**
 * The handwritten pages are true where a machine can check: links lead somewhere, command lines are
 * understood, and ini examples parse.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { parseLine } from "../../src/cli/parse.ts";
import { checkExample } from "../support/example_config.ts";

const root = resolve(import.meta.dir, "../..");

function markdownIn(folder: string, recursive: boolean): string[] {
  return readdirSync(join(root, folder), { recursive, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
}

const pages = new Map(
  ["", "docs", "deploy"].flatMap((folder) => markdownIn(folder || ".", folder !== ""))
    .map((file) => [file, readFileSync(join(root, file), "utf8")]),
);

/** The code blocks of a page in a language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms)]
    .filter(([, , found]) => found === language)
    .map(([, , , text = ""]) => text);
}

/** How a heading is linked to. */
function anchorOf(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return plain.replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}

function anchorsOf(page: string): string[] {
  const prose = page.replace(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** The words of a command line, without what the shell makes of them. */
function wordsOf(line: string): string[] {
  const own = line.split(/\s(?:[|>#]|&&|2>)/, 1)[0] ?? "";
  return [...own.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, bare]) => single ?? double ?? bare ?? "");
}

/** Command lines of the agent in a page: in blocks for shells, after a prompt or without one. */
function commandLines(page: string): string[] {
  return ["sh", "text", "powershell", "bat"].flatMap((language) => blocks(page, language))
    .flatMap((text) => text.split("\n"))
    .map((line) => line.trim().replace(/^[$>] /, ""))
    .filter((line) => /^(\S*[/\\])?agent(\.exe)? /.test(line) && !line.includes("[FLAGS]"));
}

describe("links in the docs", () => {
  for (const [file, page] of pages) {
    test(`of ${file} lead somewhere`, () => {
      for (const [, target = ""] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = "", anchor] = target.split("#");
        const linked = path === "" ? file : join(dirname(file), path);
        expect({ target, there: existsSync(join(root, linked)) }).toEqual({ target, there: true });
        if (anchor === undefined) continue;
        expect(anchorsOf(pages.get(linked) ?? "")).toContain(anchor);
      }
    });
  }
});

describe("command lines in the docs", () => {
  const lines = [...pages].flatMap(([file, page]) =>
    commandLines(page).map((line) => ({ file, line }))
  );

  test("are found", () => {
    expect(lines.length).toBeGreaterThan(20);
  });

  for (const { file, line } of lines) {
    test(`are understood: ${line} (${file})`, () => {
      const { command } = parseLine(wordsOf(line).slice(1), commands);
      expect(commands.includes(command as never) || line.includes("--help")).toBe(true);
    });
  }
});

describe("ini examples in the docs", () => {
  const examples = [...pages].flatMap(([file, page]) =>
    blocks(page, "ini").map((text) => ({ file, text }))
  );

  test("are found", () => {
    expect(examples.length).toBeGreaterThan(3);
  });

  for (const { file, text } of examples) {
    const [name] = text.split("\n");
    test(`are right: ${name} (${file})`, () => {
      const oomnitza = "[oomnitza]\nurl = https://example.com\napi_token = x\n";
      // Lines without a section are examples of mappings.
      const whole = text.startsWith("[") ? text : `[csv_assets]\nfilename=x\nsync_field=Y\n${text}`;
      const ini = whole.includes("[oomnitza]") ? whole : oomnitza + whole;
      const plan = checkExample(ini.replace(/^enable = False$/gm, "enable = True"));
      expect(plan.findings).toEqual([]);
      expect(plan.broken.size).toBe(0);
    });
  }
});

describe("decision notes", () => {
  const notes = [...pages].filter(([file]) => /^docs\/decisions\/\d/.test(file));

  test("have a number of their own", () => {
    const numbers = notes.map(([file]) => /\d{4}/.exec(file)?.[0]);
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(notes.length).toBeGreaterThan(10);
  });

  for (const [file, note] of notes) {
    test(`have one form: ${file}`, () => {
      const [title = "", ...parts] = [...note.matchAll(/^##? (.+)$/gm)].map(([heading]) => heading);
      expect(title).toStartWith(`# ${/\d{4}/.exec(file)?.[0]} `);
      expect(parts).toEqual(["## Decision", "## Why", "## Consequences", "## Not done"]);
      expect(pages.get("docs/decisions/README.md")).toContain(file.replace("docs/decisions/", ""));
    });
  }
});
