/**
 * The help names every command and every flag, fits a terminal, and has colours only when asked.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { commands } from "../../src/cli/commands.ts";
import { exitCodes } from "../../src/cli/command.ts";
import { globalFlags } from "../../src/cli/flags.ts";
import { exitCodeMeanings } from "../../src/describe/exit_codes.ts";
import { helpCommand, helpProgram, helpSource, helpSources } from "../../src/describe/help.ts";
import { firstSentence } from "../../src/describe/value.ts";
import { defineSource, opt } from "../../src/sdk/mod.ts";
import { sources } from "../../src/sources/mod.ts";

const shown = commands.filter(({ hidden }) => hidden !== true);
const pages = [
  helpProgram(commands, globalFlags),
  ...shown.map((command) => helpCommand(command, globalFlags)),
  helpSources(sources),
  ...sources.map((source) => helpSource(source)),
];

/** The text without line breaks, so that a sentence is found however it is wrapped. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}

describe("helpProgram()", () => {
  const page = helpProgram(commands, globalFlags, { shortFlags: { "-h": "--help" } });

  test("names every command with its summary", () => {
    expect(shown.length).toBeGreaterThan(3);
    for (const { name, summary } of shown) {
      expect(page).toContain(`\n  ${name}`);
      expect(flat(page)).toContain(summary);
    }
  });

  test("names every global flag with the first sentence of its help", () => {
    for (const [name, { help }] of Object.entries(globalFlags)) {
      expect(page).toContain(`--${name}`);
      expect(flat(page)).toContain(firstSentence(help));
    }
    expect(page).toContain("-h, --help");
  });

  test("shows all exit codes, and they are those of the program", () => {
    const codes = exitCodeMeanings.map(({ code }) => code);
    expect(codes).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
    for (const { code, meaning } of exitCodeMeanings) {
      expect(page).toMatch(new RegExp(`^ {2}${code} +\\S`, "m"));
      expect(flat(page)).toContain(meaning);
    }
  });

  test("leaves hidden commands out", () => {
    const [first] = commands;
    if (first === undefined) throw new Error("there are no commands");
    const hidden = { ...first, name: "secret-command", hidden: true };
    expect(helpProgram([...commands, hidden], globalFlags)).not.toContain("secret-command");
  });
});

describe("helpCommand()", () => {
  for (const command of shown) {
    test(`shows all about ${command.name}`, () => {
      const page = helpCommand(command, globalFlags);
      expect(page).toContain(`agent ${command.name}`);
      expect(flat(page)).toContain(command.summary);
      for (const [name, { help }] of Object.entries(command.flags)) {
        expect(page).toContain(`--${name}`);
        expect(flat(page)).toContain(flat(help));
      }
      for (const name of Object.keys(globalFlags)) expect(page).toContain(`--${name}`);
      for (const { line } of command.examples) expect(page).toContain(line);
      if (command.positionals !== undefined) expect(page).toContain(command.positionals.usage);
    });
  }
});

describe("helpSource()", () => {
  for (const source of sources) {
    test(`shows every option and mapping of ${source.name}`, () => {
      const page = helpSource(source);
      for (const [key, { help }] of Object.entries(source.options)) {
        expect(page).toContain(`  ${key}`);
        expect(flat(page)).toContain(flat(help));
      }
      for (const key of ["enable", "mapping.FIELD", "verify_ssl", "use_server_map"]) {
        expect(page).toContain(key);
      }
    });
  }

  test("shows variants, mappings, fields, converters and choices of a source that has them", () => {
    const page = flat(helpSource(defineSource({
      name: "devices",
      title: "Devices",
      kind: "assets",
      summary: "Devices.",
      mappingName: ({ sync_type }) => sync_type === "mobile" ? "Devices.MDM" : "Devices",
      options: { sync_type: opt.choice("What.", ["fixed", "mobile"], { default: "fixed" }) },
      mappings: ({ sync_type }) =>
        sync_type === "mobile" ? {} : {
          APPLICATIONS: { source: "software" },
          ROLE: { setting: "sync_type", required: true },
        },
      converters: { "general.date": "date_format" },
      fields: { "general.date": "When it was last seen." },
      async *records() {},
    })));
    expect(page).toContain("Devices.MDM (sync_type = mobile)");
    expect(page).toContain("One of fixed, mobile.");
    expect(page).toContain("Mapped by default (sync_type = fixed) APPLICATIONS software");
    expect(page).toContain("ROLE option sync_type, required");
    expect(page).toContain("Mapped by default (sync_type = mobile) nothing");
    expect(page).toContain("general.date When it was last seen.");
    expect(page).toContain("general.date date_format");
  });
});

describe("every help text", () => {
  test("fits 80 columns and has no colour codes", () => {
    for (const page of pages) {
      expect(page).not.toContain("\x1b");
      for (const line of page.split("\n")) {
        expect(line.length).toBeLessThanOrEqual(80);
        expect(line).toBe(line.trimEnd());
      }
    }
  });

  test("uses the width that it is given", () => {
    const [command] = shown;
    if (command === undefined) throw new Error("there are no commands");
    const widest = (width: number) =>
      Math.max(
        ...helpCommand(command, globalFlags, { width }).split("\n").map(({ length }) => length),
      );
    expect(widest(100)).toBeGreaterThan(80);
    expect(widest(100)).toBeLessThanOrEqual(100);
    expect(widest(500)).toBeLessThanOrEqual(100);
    expect(widest(70)).toBeLessThanOrEqual(70);
  });

  test("is the same text in colour", () => {
    const coloured = helpProgram(commands, globalFlags, { colour: true });
    expect(coloured).toContain("\x1b[1mUsage\x1b[0m");
    // deno-lint-ignore no-control-regex -- the codes are what is looked for
    expect(coloured.replace(/\x1b\[\d+m/g, "")).toBe(helpProgram(commands, globalFlags));
  });
});
