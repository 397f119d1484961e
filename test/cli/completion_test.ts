/**
 * Completion scripts: bash and fish really complete, the others have what they need.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { completionScript, shells } from "../../src/cli/completion.ts";
import { globalFlags } from "../../src/cli/flags.ts";
import { upload } from "../../src/cli/upload.ts";
import { needPackage } from "../support/apt.ts";

needPackage("/usr/bin/fish", "fish");

const input = { commands, globalFlags, sources: ["csv_assets", "csv_users"] };
const shown = commands.filter(({ hidden }) => hidden !== true);
const allFlags = [globalFlags, ...shown.map(({ flags }) => flags)].flatMap(Object.keys);

type Variables = Readonly<Record<string, string>>;

/** Runs bash on a script, given on its standard input. */
function bashWith(env: Variables, ...args: string[]): { exit: number; output: string } {
  const script = Buffer.from(completionScript("bash", input));
  const run = { stdin: script, env: { ...process.env, ...env } };
  const { exitCode, stdout, stderr } = Bun.spawnSync(["bash", ...args], run);
  return { exit: exitCode, output: `${stdout}${stderr}` };
}

function bash(...args: string[]): { exit: number; output: string } {
  return bashWith({}, ...args);
}

/** What bash offers for a line of words, of which the last is being typed. */
function complete(...words: string[]): string[] {
  return completeWith({}, ...words);
}

function completeWith(env: Variables, ...words: string[]): string[] {
  const driver =
    'source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _agent; printf "%s\\n" "${COMPREPLY[@]}"';
  const { exit, output } = bashWith(env, "-c", driver, "bash", ...words);
  expect(exit).toBe(0);
  return output.split("\n").filter((line) => line !== "");
}

describe("the bash script", () => {
  test("has no syntax errors and says nothing when it is loaded", () => {
    expect(bash("-n")).toEqual({ exit: 0, output: "" });
    expect(bash()).toEqual({ exit: 0, output: "" });
  });

  test("completes commands", () => {
    expect(complete("agent", "")).toEqual(shown.map(({ name }) => name));
    expect(complete("agent", "upl")).toEqual(["upload"]);
    expect(complete("agent", "--ini", "upload", "gen")).toEqual(["generate-ini"]);
    expect(complete("agent", "--output=json", "gen")).toEqual(["generate-ini"]);
  });

  test("completes the flags of a command, and the global ones everywhere", () => {
    const global = Object.keys(globalFlags).map((name) => `--${name}`);
    const own = Object.keys(upload.flags).map((name) => `--${name}`);
    expect(complete("agent", "--")).toEqual(global);
    expect(complete("agent", "version", "--")).toEqual(global);
    expect(complete("agent", "upload", "--")).toEqual([...global, ...own]);
    expect(complete("agent", "--testmode", "upload", "--wor")).toEqual(["--workers"]);
  });

  test("completes names of sources, and words of a choice", () => {
    expect(complete("agent", "sources", "")).toEqual(["csv_assets", "csv_users"]);
    expect(complete("agent", "upload", "csv_users", "csv_a")).toEqual(["csv_assets"]);
    expect(complete("agent", "completion", "")).toEqual([...shells, "sections"]);
    expect(complete("agent", "--output", "")).toEqual(["text", "json"]);
    expect(complete("agent", "upload", "--workers", "")).toEqual([]);
  });

  test("asks the program for the sections of the configuration that the line names", () => {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    try {
      // Stands in for the program, which the test of the command runs.
      writeFileSync(join(folder, "agent"), '#!/bin/sh\necho "casper.MDM"; echo "asked:$*"\n', {
        mode: 0o755,
      });
      const path = { PATH: `${folder}:${process.env.PATH}` };
      const asked = (...words: string[]) => completeWith(path, ...words);
      expect(asked("agent", "upload", "cas")).toEqual(["casper.MDM"]);
      expect(asked("agent", "--ini", "o.ini", "plan", "asked")).toEqual(["asked:completion"]);
      expect(asked("agent", "--ini", "o.ini", "plan", "")).toContain("o.ini");
      expect(asked("agent", "sources", "")).toEqual(["csv_assets", "csv_users"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("completes the value after an equals sign, one word or three", () => {
    expect(complete("agent", "--output", "=")).toEqual(["text", "json"]);
    expect(complete("agent", "--output", "=", "j")).toEqual(["json"]);
    expect(complete("agent", "--output=j")).toEqual(["--output=json"]);
  });

  test("completes paths, with spaces and stars in them too", () => {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    const files = ["my *.ini", "my config.ini"].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, "");
    expect(complete("agent", "upload", "--ini", join(folder, "my")).toSorted()).toEqual(files);
    rmSync(folder, { recursive: true });
  });
});

describe("the zsh script", () => {
  const script = completionScript("zsh", input);

  test("is found by the completion system and can be sourced", () => {
    expect(script).toStartWith("#compdef agent\n");
    expect(script).toEndWith("else\n  compdef _agent agent\nfi\n");
  });

  test("has a case for every command and escapes what zsh would read", () => {
    for (const { name } of shown) {
      expect(script).toContain(`\n    '${name}:`);
      expect(script).toContain(`\n        ${name})\n          _arguments $global`);
    }
    expect(script).toContain(`'--output=[text for people, json for programs.]:word:(text json)'`);
    expect(script).toContain(":path:_files'");
    expect(script).toContain("'*:name:{_agent_sections csv_assets csv_users}'");
    expect(script).toContain("'1:name:(csv_assets csv_users)'");
    expect(script).toContain("'1:name:(bash zsh fish powershell sections)'");
    expect(script).toContain("keeps\\: mapping name");
  });
});

describe("the fish script", () => {
  const lines = completionScript("fish", input).trimEnd().split("\n");

  test("has nothing but comments, complete and a function", () => {
    for (const line of lines) {
      expect(line).toMatch(/^(# |complete -c agent |function __agent_ini$| {4}|end$)/);
    }
    for (const line of lines.filter((text) => !text.startsWith("#"))) {
      // Quotes are closed: what is left without escapes has an even number of them.
      expect(line.replace(/\\./g, "").split("'").length % 2).toBe(1);
    }
  });

  test("offers every command and flag", () => {
    for (const { name } of shown) {
      expect(lines.some((line) => line.includes(` -n __fish_use_subcommand -a ${name} `))).toBe(
        true,
      );
    }
    for (const name of allFlags) {
      expect(lines.some((line) => line.includes(` -l ${name} `))).toBe(true);
    }
    expect(lines).toContain(
      "complete -c agent -l output -x -a 'text json' -d 'text for people, json for programs.'",
    );
    expect(lines).toContain(
      "complete -c agent -n '__fish_seen_subcommand_from sources' -a 'csv_assets csv_users'",
    );
  });
});

describe("fish", () => {
  /** What fish offers at the end of a line, with a program that says what it was asked. */
  function offered(line: string, program = 'printf "%s\\n" "asked:$#:$*"'): string[] {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    try {
      writeFileSync(join(folder, "agent.fish"), completionScript("fish", input));
      writeFileSync(join(folder, "agent"), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
      const code = `source ${folder}/agent.fish; complete -C "${line}"`;
      const { stdout, stderr } = Bun.spawnSync(["/usr/bin/fish", "--no-config", "-c", code], {
        env: { PATH: `${folder}:/usr/bin:/bin`, HOME: "/home/ann" },
      });
      expect(`${stderr}`).toBe("");
      return `${stdout}`.split("\n").filter((text) => text !== "");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test("asks for the sections of the configuration that the line names", () => {
    expect(offered("agent upload ")).toEqual(["asked:2:completion sections"]);
    expect(offered("agent upload --ini o.ini ")).toEqual([
      "asked:4:completion sections --ini o.ini",
    ]);
    expect(offered("agent --ini 'my o.ini' upload ")).toEqual([
      "asked:4:completion sections --ini my o.ini",
    ]);
    expect(offered("agent upload --ini=o.ini ")).toEqual([
      "asked:3:completion sections --ini=o.ini",
    ]);
    expect(offered("agent upload --ini ~/o.ini ")).toEqual([
      "asked:4:completion sections --ini /home/ann/o.ini",
    ]);
  });

  test("offers the sources where no section is known", () => {
    expect(offered("agent upload ", "exit 1")).toEqual(["csv_assets", "csv_users"]);
  });
});

describe("the PowerShell script", () => {
  const script = completionScript("powershell", input);
  /** The script without its texts and comments. */
  const bare = script.replace(/'(?:[^']|'')*'/g, "''").replace(/^#.*$/gm, "");

  test("registers a completer and closes every bracket and quote", () => {
    expect(script).toContain(
      "Register-ArgumentCompleter -Native -CommandName 'agent', 'agent.exe'",
    );
    for (const [open, close] of ["{}", "()", "[]"]) {
      expect(bare.split(open ?? "").length).toBe(bare.split(close ?? "").length);
    }
    expect(bare.replaceAll("''", "")).not.toContain("'");
  });

  test("lists every command and flag with what it takes", () => {
    for (const { name } of shown) expect(script).toContain(`\n        '${name}' = @{ Help = '`);
    for (const name of allFlags) expect(script).toContain(`\n        '--${name}' = @{ Help = '`);
    expect(script).toContain(
      "'--output' = @{ Help = 'text for people, json for programs.'; Takes = 'word'; Words = @('text', 'json') }",
    );
    expect(script).toContain("Python''s");
  });
});
