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
import { serviceName } from "../../src/os_service/names.ts";
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
  ...["Copy-Item", "Get-Content", "Get-FileHash", "Get-Service", "Invoke-WebRequest", "Join-Path"],
  ...["Move-Item", "New-Item", "New-Object", "Out-Null", "Remove-Item", "Resolve-Path"],
  ...["Set-StrictMode", "Split-Path", "Start-Service", "Stop-Service", "Test-Path"],
  ...["Write-Host", "Write-Verbose"],
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
  expect([...called].filter((name) => !known.has(name) && !name.startsWith('"$env:SystemRoot')))
    .toEqual([]);
  expect(functions.filter((name) => !called.has(name))).toEqual([]);
  expect(functions.length).toBeGreaterThan(8);
});

test("it takes the options that install.sh takes, where they mean something", () => {
  const block = text.slice(text.indexOf("\nparam("), text.indexOf("\n)\n"));
  const names = [...block.matchAll(/^ {4}\[\w+\] \$(\w+)/gm)].map(([, name]) => name);
  expect(names).toEqual(
    ["Url", "From", "Sha256", "Service", "Config", "Prefix", "Uninstall", "Purge"],
  );
  const documented = readFileSync(join(root, "docs/install.md"), "utf8");
  for (const name of names) expect(documented).toContain(`-${name}`);
});

test("it means the program, the service and the folder that the agent means", () => {
  expect(text).toContain(`$file = '${findTarget("windows-x64").file}'`);
  expect(text).toContain(`$serviceName = '${serviceName}'`);
  expect(text).toContain("$data = Join-Path $env:ProgramData 'Oomnitza Agent'");
  expect(windows.defaults.ini).toBe("C:\\ProgramData\\Oomnitza Agent\\config.ini");
  expect(text).toContain("$env:ProgramFiles 'Oomnitza Agent'");
  expect(windows.defaults.program).toBe("C:\\Program Files\\Oomnitza Agent\\agent.exe");
});
