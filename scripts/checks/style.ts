/**
 * The style rules of CONTRIBUTING.md that no linter knows.
 *
 * @module
 */
import type { Node } from "oxc-parser";
import { checkDocs } from "./docstrings.ts";
import type { Finding } from "./finding.ts";
import { allNodes, type NodeContext, type SourceFile, type Violation } from "./source_file.ts";

/** Lines from which there is a warning, and those from which the gate fails. */
const fileLines = { warn: 300, fail: 500 };
const functionLines = { warn: 40, fail: 80 };
const bannedNames = /^(utils?|helpers?|misc|common)$/;
const snakeCase = /^[a-z0-9]+(_[a-z0-9]+)*(\.[a-z0-9]+)*$/;
const unfinished = /\b(TODO|FIXME|XXX)\b/;
const silenced = /@ts-(ignore|nocheck)/;
const testFunctions = new Set(["describe", "it", "test"]);

/** The order of the keys of a source, from what it is to what it does. */
export const sourceKeys: readonly string[] = [
  "name",
  "title",
  "kind",
  "summary",
  "mappingName",
  "options",
  "mappings",
  "converters",
  "fields",
  "isSerial",
  "limits",
  "rule",
  "http",
  "check",
  "records",
  "webhook",
];

/** Every violation of the rules of style in one file, and warnings. */
export function checkStyle(file: SourceFile): Violation[] {
  const nodes = [...allNodes(file.program)];
  const findings = [
    ...checkNames(file),
    ...checkLength(file),
    ...checkDocs(file),
    ...checkComments(file),
    ...nodes.flatMap((found) => checkSyntax(found.node)),
    ...nodes.flatMap((found) => checkCall(found.node)),
    ...nodes.flatMap((found) => checkSkipped(found.node)),
    ...(isTest(file.path) ? [] : nodes.flatMap((found) => checkFunction(file, found))),
  ];
  return findings
    .map(({ offset, rule, message, isWarning = false }) => {
      const line = file.lineAt(offset);
      return { file: file.path, line, rule: `style/${rule}`, message, isWarning };
    })
    .sort((a, b) => a.line - b.line);
}

function checkNames(file: SourceFile): Finding[] {
  return file.path.split("/").flatMap((name) => {
    const stem = name.replace(/\..*$/, "");
    if (bannedNames.test(stem)) {
      return [at(0, "name", `"${stem}" says nothing. Name the file or folder after what it does.`)];
    }
    if (snakeCase.test(name)) return [];
    return [at(0, "name", `"${name}" is not snake_case. Rename it.`)];
  });
}

function checkLength(file: SourceFile): Finding[] {
  const lines = file.text.replace(/\n$/, "").split("\n").length;
  return tooLong(0, "file-length", "a file", lines, fileLines);
}

function checkComments(file: SourceFile): Finding[] {
  return file.comments.flatMap(({ value, start }) => {
    const mark = unfinished.exec(value);
    if (mark !== null) {
      return [at(start + mark.index, "unfinished", `${mark[0]}: finish it, or file an issue.`)];
    }
    const silence = silenced.exec(value);
    if (silence === null) return [];
    return [at(start + silence.index, "silenced", `${silence[0]}: correct the types instead.`)];
  });
}

function checkSyntax(node: Node): Finding[] {
  switch (node.type) {
    case "TSAnyKeyword":
      return [at(node.start, "any", "any: say what it is, or unknown and look.")];
    case "TSEnumDeclaration":
      return [at(node.start, "enum", "enum: use a const object or a union of strings.")];
    case "ExportDefaultDeclaration":
      return [at(node.start, "default-export", "default export: give it a name.")];
    case "ExportSpecifier": {
      const exported = node.exported.type === "Literal" ? node.exported.value : node.exported.name;
      if (exported !== "default") return [];
      return [at(node.start, "default-export", "default export: give it a name.")];
    }
    default:
      return [];
  }
}

function checkCall(node: Node): Finding[] {
  if (node.type !== "CallExpression") return [];
  if (node.callee.type === "Identifier" && node.callee.name === "defineSource") {
    return checkSourceOrder(node.arguments[0]);
  }
  return [];
}

/** `test.skip`, `describe.only.each` and the like. */
function checkSkipped(node: Node): Finding[] {
  if (node.type !== "MemberExpression" || node.property.type !== "Identifier") return [];
  if (!["skip", "only", "todo"].includes(node.property.name)) return [];
  let owner: Node = node.object;
  while (owner.type === "MemberExpression") owner = owner.object;
  if (owner.type !== "Identifier" || !testFunctions.has(owner.name)) return [];
  const message = `${owner.name}.${node.property.name}: every test runs. Correct or remove it.`;
  return [at(node.property.start, "skipped-test", message)];
}

function checkSourceOrder(declaration: Node | undefined): Finding[] {
  if (declaration?.type !== "ObjectExpression") return [];
  let last = -1;
  return declaration.properties.flatMap((property) => {
    if (property.type !== "Property" || property.key.type !== "Identifier") return [];
    const name = property.key.name;
    const rank = sourceKeys.indexOf(name);
    if (rank > last) {
      last = rank;
      return [];
    }
    if (rank < 0) return [];
    const message = `${name} comes too late. The order is: ${sourceKeys.join(", ")}.`;
    return [at(property.start, "source-order", message)];
  });
}

function checkFunction(file: SourceFile, { node }: NodeContext): Finding[] {
  const kinds = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];
  if (!kinds.includes(node.type)) return [];
  const lines = file.lineAt(node.end) - file.lineAt(node.start) + 1;
  return tooLong(node.start, "function-length", "a function", lines, functionLines);
}

function tooLong(
  offset: number,
  rule: string,
  what: string,
  lines: number,
  { warn, fail }: typeof fileLines,
): Finding[] {
  if (lines <= warn) return [];
  const isWarning = lines <= fail;
  const message = `${what} of ${lines} lines: aim below ${warn}, never above ${fail}. ` +
    "Split it by what it does.";
  return [{ offset, rule, message, isWarning }];
}

function isTest(path: string): boolean {
  return path.startsWith("test/") || path.startsWith("bench/");
}

function at(offset: number, rule: string, message: string): Finding {
  return { offset, rule, message };
}
