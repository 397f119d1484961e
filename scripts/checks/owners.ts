/**
 * Finds packages, globals, printing, exits and SQL outside the files that own them.
 *
 * @module
 */
import {
  bunFiles,
  exitFiles,
  packageOwners,
  printFiles,
  processFiles,
  sqlFiles,
} from "./layer_table.ts";
import type { NodeContext, SourceFile, Violation } from "./source_file.ts";

const statements = [
  /^\s*select\s[^]+\sfrom\s/i,
  /^\s*insert\s+(or\s+\w+\s+)?into\s/i,
  /^\s*update\s+\w+\s+set\s/i,
  /^\s*delete\s+from\s/i,
  /^\s*create\s+(unique\s+)?(table|index|trigger|view)\s/i,
  /^\s*(alter|drop)\s+(table|index)\s/i,
  /^\s*pragma\s+\w+/i,
];
/** Nobody writes SQL like this, but sentences begin so: "Select a file from the list". */
const sentence = /^\s*[A-Z][a-z]/;
const printing = new Set(["stdout", "stderr"]);
const exiting = new Set(["exit", "exitCode", "abort", "reallyExit"]);
const surrounding = new Set([
  ...["env", "argv", "cwd", "chdir", "umask"],
  ...["on", "once", "addListener", "off", "emit", "removeAllListeners"],
]);

/** What is wrong with importing the package `specifier` in `path`; `undefined` when nothing is. */
export function packageMisplaced(path: string, specifier: string): string | undefined {
  const name = specifier.startsWith("bun:") ? "bun" : specifier;
  const owner = packageOwners.find(({ packages }) =>
    packages.some((each) => name === each || name.startsWith(`${each}/`))
  );
  if (owner === undefined || isIn(path, owner.files)) return undefined;
  return `"${specifier}": ${owner.what} belongs to ${owner.files.join(", ")}. ` +
    "Export there what is needed.";
}

/** Every use in `file` of something that another file owns. */
export function findMisplacedUses(file: SourceFile, nodes: readonly NodeContext[]): Violation[] {
  return nodes.flatMap((found) => {
    const message = globalMisplaced(file.path, found) ?? processMisplaced(file.path, found) ??
      sqlMisplaced(file.path, found);
    if (message === undefined) return [];
    const line = file.lineAt(found.node.start);
    return [{ file: file.path, line, rule: "layers/owner", message }];
  });
}

function globalMisplaced(path: string, found: NodeContext): string | undefined {
  if (isGlobal(found, "Bun") && !isIn(path, bunFiles)) {
    return `Bun is named only in ${bunFiles.join(", ")}. Export there what is needed.`;
  }
  if (isGlobal(found, "console") && !isIn(path, printFiles)) return printMessage("console");
  return undefined;
}

function processMisplaced(path: string, { node, parent }: NodeContext): string | undefined {
  const names = processProperties(node, parent);
  const printed = names.find((name) => printing.has(name));
  if (printed !== undefined && !isIn(path, printFiles)) return printMessage(`process.${printed}`);
  const exit = names.find((name) => exiting.has(name));
  if (exit !== undefined && !isIn(path, exitFiles)) {
    return `process.${exit}: only ${exitFiles.join(", ")} ends the program. Throw an AgentError.`;
  }
  const taken = names.find((name) => surrounding.has(name));
  if (taken === undefined || isIn(path, processFiles)) return undefined;
  return `process.${taken}: only src/cli/main.ts reads the process. Take it from the context: ` +
    "tests run the program in their own process.";
}

/** The properties of `process` that a node reads, imports or takes apart. */
function processProperties(
  node: NodeContext["node"],
  parent: NodeContext["node"] | undefined,
): string[] {
  if (node.type === "MemberExpression" && isProcess(node.object)) return keyTexts([node.property]);
  if (node.type === "VariableDeclarator" && node.id.type === "ObjectPattern") {
    if (node.init === null || !isProcess(node.init)) return [];
    return keyTexts(node.id.properties.flatMap((each) => each.type === "Property" ? each.key : []));
  }
  if (node.type === "ImportSpecifier" && parent?.type === "ImportDeclaration") {
    return /^(node:)?process$/.test(parent.source.value) ? keyTexts([node.imported]) : [];
  }
  return [];
}

function isProcess(node: NodeContext["node"]): boolean {
  const owner = node.type === "MemberExpression" ? node.property : node;
  return owner.type === "Identifier" && owner.name === "process";
}

function sqlMisplaced(path: string, { node }: NodeContext): string | undefined {
  const text = node.type === "TemplateElement"
    ? node.value.raw
    : node.type === "Literal" && typeof node.value === "string"
    ? node.value
    : "";
  if (sentence.test(text) || isIn(path, sqlFiles)) return undefined;
  if (!statements.some((statement) => statement.test(text))) return undefined;
  return "SQL is written in src/state. Add a function there and call it.";
}

/** Whether a node is the global `name` and not a property or key that happens to be called so. */
function isGlobal({ node, parent, key }: NodeContext, name: string): boolean {
  if (node.type !== "Identifier" || node.name !== name) return false;
  if (parent?.type === "MemberExpression" && key === "property") {
    const { object, computed } = parent;
    return computed || (object.type === "Identifier" && object.name === "globalThis");
  }
  if (parent !== undefined && "key" in parent && key === "key") {
    return "shorthand" in parent && parent.shorthand === true;
  }
  return parent?.type !== "TSQualifiedName" || key === "left";
}

function keyTexts(nodes: readonly NodeContext["node"][]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === "Identifier") return [node.name];
    return node.type === "Literal" && typeof node.value === "string" ? [node.value] : [];
  });
}

function printMessage(what: string): string {
  return `${what}: printing is done in ${printFiles.join(", ")}. Return a value, or use the log.`;
}

function isIn(path: string, files: readonly string[]): boolean {
  return files.some((file) => path === file || path.startsWith(file));
}
