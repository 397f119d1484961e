/**
 * install.ps1, read by a grammar of PowerShell: no PowerShell runs where these tests do.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Language, type Node, Parser } from "web-tree-sitter";
import { root } from "../../scripts/binary/compile.ts";
import { findTarget } from "../../scripts/binary/targets.ts";
import { serviceNames } from "../../src/os_service/names.ts";
import { windows } from "../../src/os_service/windows.ts";

const text = readFileSync(join(root, "install.ps1"), "utf8");
await Parser.init();
const grammar = join(root, "node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm");
const parser = new Parser();
parser.setLanguage(await Language.load(grammar));

function parse(script: string): Node {
  const tree = parser.parse(script);
  if (tree === null) throw new Error("The grammar gave up.");
  return tree.rootNode;
}

/** The lines that the grammar does not understand. */
function findSyntaxErrors(script: string): number[] {
  const found: number[] = [];
  const walk = (node: Node): void => {
    if (node.isError || node.isMissing) found.push(node.startPosition.row + 1);
    for (const child of node.children) if (child !== null) walk(child);
  };
  walk(parse(script));
  return found;
}

function texts(script: string, type: string): string[] {
  return parse(script).descendantsOfType(type).flatMap((node) => node === null ? [] : [node.text]);
}

/** Of Windows PowerShell 5.1, which every Windows has. */
const cmdlets = [
  ...["Copy-Item", "Get-AuthenticodeSignature", "Get-ChildItem", "Get-Command", "Get-Content"],
  ...["Get-FileHash", "Select-Object"],
  ...["Get-Item", "Get-Service", "Invoke-WebRequest", "Join-Path", "Move-Item", "New-Item"],
  ...["New-ItemProperty", "New-Object", "Out-Null", "Remove-Item", "Set-ItemProperty"],
  ...["Set-StrictMode", "Split-Path", "Start-Service", "Start-Transcript", "Stop-Service"],
  ...[
    "Stop-Transcript",
    "Test-Path",
    "Unblock-File",
    "Where-Object",
    "Write-Host",
    "Write-Verbose",
  ],
];

test("it is PowerShell, in the letters that every version reads", () => {
  expect(findSyntaxErrors(text)).toEqual([]);
  // deno-lint-ignore no-control-regex
  expect(text).toMatch(/^[\x0a\x20-\x7e]+$/);
});

test("the grammar sees what is broken", () => {
  const last = text.lastIndexOf("}");
  expect(findSyntaxErrors(text.slice(0, last) + text.slice(last + 1))).not.toEqual([]);
  expect(findSyntaxErrors(text.replace("if ($Service) {", "if $Service {"))).not.toEqual([]);
});

test("it calls what there is, and all that it has", () => {
  const functions = texts(text, "function_name");
  const called = new Set(texts(text, "command_name"));
  const known = new Set([...cmdlets, ...functions]);
  expect([...called].filter((name) => !known.has(name) && !/^"\$system\\\w+\.exe"$/.test(name)))
    .toEqual([]);
  expect(functions.filter((name) => !called.has(name))).toEqual([]);
  expect(functions.length).toBeGreaterThan(8);
});

test("it takes the options that install.sh takes, where they mean something", () => {
  const block = text.slice(text.indexOf("\nparam("), text.indexOf("\n)\n"));
  const names = [...block.matchAll(/^ {4}\[\w+\] \$(\w+)/gm)].map(([, name]) => name);
  expect(names).toEqual([
    ...["Url", "Proxy", "From", "Sha256", "PublicKey", "RequireSignature", "Service", "User"],
    ...["Port", "State", "Config", "Prefix", "LogPath", "Uninstall", "Purge"],
  ]);
  const documented = readFileSync(join(root, "docs/install.md"), "utf8");
  for (const name of names) expect(documented).toContain(`-${name}`);
});

test("it means the program, the service and the folder that the agent means", () => {
  expect(text).toContain(`$file = '${findTarget("windows-x64").file}'`);
  expect(text).toContain(`$serviceName = '${serviceNames().windows}'`);
  expect(text).toContain("$data = Join-Path $env:ProgramData 'Oomnitza Agent'");
  expect(windows.defaults.ini).toBe("C:\\ProgramData\\Oomnitza Agent\\config.ini");
  expect(text).toContain("Join-Path $programFiles 'Oomnitza Agent'");
  expect(windows.defaults.program).toBe("C:\\Program Files\\Oomnitza Agent\\agent.exe");
});

function functionNamed(name: string): Node {
  const found = parse(text).descendantsOfType("function_statement").find((node) =>
    node?.descendantsOfType("function_name")[0]?.text === name
  );
  if (found === null || found === undefined) throw new Error(`There is no function ${name}.`);
  return found;
}

function isInside(node: Node, type: string): boolean {
  return node.parent !== null && (node.parent.type === type || isInside(node.parent, type));
}

test("whatever fails while the program is replaced, the service is started again", () => {
  const body = functionNamed("Install-Program");
  const changing = ["Stop-Service", "Start-Service", "Move-Item", "Remove-Item"];
  const calls = body.descendantsOfType("command").flatMap((node) =>
    node !== null && changing.includes(node.descendantsOfType("command_name")[0]?.text ?? "")
      ? [node]
      : []
  );
  expect(calls.length).toBeGreaterThan(6);
  for (const call of calls) {
    expect([call.text, isInside(call, "try_statement")]).toEqual([call.text, true]);
  }
  const last = body.descendantsOfType("finally_clause").flatMap((node) => node?.text ?? []);
  expect(last.join()).toContain("Start-Service");
});

test("paths are resolved before any function is called that uses them", () => {
  const firstFunction = text.indexOf("function Test-Administrator");
  for (const name of ["Config", "Prefix", "From", "PublicKey", "State", "LogPath"]) {
    const at = text.indexOf(`$${name} = if ($${name}) { Resolve-FullPath -Path $${name} }`);
    expect([name, at > 0 && at < firstFunction]).toEqual([name, true]);
  }
  expect(text).not.toContain("$env:ProgramFiles '");
});

test("no program is named without its folder, and nothing is done with -WhatIf", () => {
  const bare = texts(text, "command_name").filter((name) => /\.exe"?$/.test(name));
  expect(bare.filter((name) => !name.startsWith('"$system\\'))).toEqual([]);
  expect(text).toContain("[CmdletBinding(SupportsShouldProcess");
  expect(text).toMatch(/^#Requires -Version 5\.1\n/);
  const main = text.indexOf("\nif (-not (Test-Administrator))");
  const asked = text.indexOf("$PSCmdlet.ShouldProcess", main);
  for (const call of ["Install-Agent\n", "Uninstall-Agent\n", "Start-Transcript"]) {
    expect(text.indexOf(call, main)).toBeGreaterThan(asked);
  }
});

test("the folder is prepared before a configuration is written, each time", () => {
  const body = functionNamed("Install-Agent").text;
  const [prepare, config, service] = ["-Arguments $prepare", "New-Config", "Get-ServiceArguments"]
    .map((call) => body.indexOf(call));
  expect(prepare).toBeGreaterThan(0);
  expect(prepare ?? 0).toBeLessThan(config ?? 0);
  expect(config ?? 0).toBeLessThan(service ?? 0);
});

test("no sum is taken from a list whose signature was not looked at", () => {
  const body = functionNamed("Get-Release").text;
  const takes = [...body.matchAll(/Find-Sum -Lines/g)];
  const looks = [...body.matchAll(/Test-Sums -Sums/g)];
  expect(takes).toHaveLength(2);
  expect(looks).toHaveLength(2);
  for (const [at, take] of takes.entries()) expect(looks[at]?.index).toBeLessThan(take.index);
  const check = functionNamed("Test-Sums");
  // Only without a key is there nothing to look at; whatever else is wrong ends the installation.
  expect(texts(check.text, "flow_control_statement").map((text) => text.split(/\s/, 1)[0])).toEqual(
    ["return", "throw", "throw"],
  );
  expect(text).toMatch(/if \(\$Sha256 -and \$PublicKey\) \{\s+throw /);
});
