/**
 * Finds packages, globals, printing, exits and SQL outside the one place that owns them.
 *
 * @module
 */
import {
  bunPlaces,
  exitPlaces,
  packageOwners,
  printPlaces,
  sqlPlaces,
  surroundingsPlaces,
} from "./layer_table.ts";
import type { Place, SourceFile, Violation } from "./source_file.ts";

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
  if (owner === undefined || isIn(path, owner.places)) return undefined;
  return `"${specifier}": ${owner.what} belongs to ${owner.places.join(", ")}. ` +
    "Let that place offer what is needed.";
}

/** Every use in `file` of something that another place owns. */
export function findMisplacedUses(file: SourceFile, places: readonly Place[]): Violation[] {
  return places.flatMap((place) => {
    const message = globalMisplaced(file.path, place) ?? processMisplaced(file.path, place) ??
      sqlMisplaced(file.path, place);
    if (message === undefined) return [];
    const line = file.lineAt(place.node.start);
    return [{ file: file.path, line, rule: "layers/owner", message }];
  });
}

function globalMisplaced(path: string, place: Place): string | undefined {
  if (isGlobal(place, "Bun") && !isIn(path, bunPlaces)) {
    return `Bun is named only in ${bunPlaces.join(", ")}. Let it offer what is needed.`;
  }
  if (isGlobal(place, "console") && !isIn(path, printPlaces)) return printMessage("console");
  return undefined;
}

function processMisplaced(path: string, { node, parent }: Place): string | undefined {
  const names = processProperties(node, parent);
  const printed = names.find((name) => printing.has(name));
  if (printed !== undefined && !isIn(path, printPlaces)) return printMessage(`process.${printed}`);
  const exit = names.find((name) => exiting.has(name));
  if (exit !== undefined && !isIn(path, exitPlaces)) {
    return `process.${exit}: only ${exitPlaces.join(", ")} ends the program. Throw an AgentError.`;
  }
  const taken = names.find((name) => surrounding.has(name));
  if (taken === undefined || isIn(path, surroundingsPlaces)) return undefined;
  return `process.${taken}: only src/cli/main.ts asks the process. Take it from the context: ` +
    "tests run the program in their own process.";
}

/** The properties of `process` that a node reads, imports or takes apart. */
function processProperties(node: Place["node"], parent: Place["node"] | undefined): string[] {
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

function isProcess(node: Place["node"]): boolean {
  const owner = node.type === "MemberExpression" ? node.property : node;
  return owner.type === "Identifier" && owner.name === "process";
}

function sqlMisplaced(path: string, { node }: Place): string | undefined {
  const text = node.type === "TemplateElement"
    ? node.value.raw
    : node.type === "Literal" && typeof node.value === "string"
    ? node.value
    : "";
  if (sentence.test(text) || isIn(path, sqlPlaces)) return undefined;
  if (!statements.some((statement) => statement.test(text))) return undefined;
  return "SQL is written in src/state. Add a function there and call it.";
}

/** Whether a node is the global `name` and not a property or key that happens to be called so. */
function isGlobal({ node, parent, key }: Place, name: string): boolean {
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

function keyTexts(nodes: readonly Place["node"][]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === "Identifier") return [node.name];
    return node.type === "Literal" && typeof node.value === "string" ? [node.value] : [];
  });
}

function printMessage(what: string): string {
  return `${what}: printing is done in ${printPlaces.join(", ")}. Return a value, or use the log.`;
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(place));
}
