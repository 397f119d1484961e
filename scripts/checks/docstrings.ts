/**
 * Every file opens with a sentence about itself, an exported thing whose name does not say it all is
 * explained, and no docstring only repeats the name below it.
 *
 * @module
 */
import type { Comment, Node, Program } from "oxc-parser";
import type { Finding } from "./finding.ts";
import { allNodes, type SourceFile } from "./source_file.ts";

/** Names of numbers that say what they count. */
const unit = /(Ms|Seconds|Minutes|Hours|Days|Bytes|Kb|Mb|Count)$/;

type Statement = Program["body"][number];

/** What is undocumented, or documented in vain, in `file`; tests need only say what they are about. */
export function checkDocs(file: SourceFile): Finding[] {
  return [
    ...checkOpening(file),
    ...(isTestCase(file.path) ? [] : checkExports(file)),
    ...checkRepetitions(file),
  ];
}

function checkOpening(file: SourceFile): Finding[] {
  const opening = file.comments[0];
  const before = file.text.slice(0, opening?.start ?? 0).replace(/^#!.*\n/, "").trim();
  const good = opening !== undefined && before === "" && isDoc(opening.value) &&
    opening.value.includes("@module") && saysSomething(opening.value);
  if (good) return [];
  const message = "the file does not open with /** a sentence and @module */. Say what it is for.";
  return [{ offset: 0, rule: "module-doc", message }];
}

function checkExports(file: SourceFile): Finding[] {
  const documented = new Set<string>();
  return file.program.body.flatMap((statement) => {
    if (statement.type !== "ExportNamedDeclaration" || statement.source !== null) return [];
    if (statement.declaration === null) return checkLocalExports(file, statement);
    const name = declaredName(statement.declaration);
    if (documented.has(name)) return []; // a further overload of the same function
    if (docOf(file, statement.start) !== undefined) {
      documented.add(name);
      return [];
    }
    return missing(file, statement.declaration, statement.start, name);
  });
}

function checkLocalExports(file: SourceFile, statement: Statement): Finding[] {
  if (statement.type !== "ExportNamedDeclaration") return [];
  return statement.specifiers.flatMap(({ local, start }) => {
    const name = local.type === "Literal" ? local.value : local.name;
    const declaration = file.program.body.find((each) => declaredName(each) === name);
    return declaration !== undefined && docOf(file, declaration.start) === undefined
      ? missing(file, declaration, start, name)
      : [];
  });
}

function missing(file: SourceFile, node: Node, offset: number, name: string): Finding[] {
  const reason = unsaidBy(file, node);
  if (reason === undefined) return [];
  const message = `${name} is exported without a docstring: ${reason}.`;
  return [{ offset, rule: "docstring", message }];
}

/** What the name of a declaration cannot say; nothing when it says it all. */
function unsaidBy(file: SourceFile, node: Node): string | undefined {
  switch (node.type) {
    case "FunctionDeclaration":
      return unsaidByFunction(file, node.params, node.body);
    case "ClassDeclaration":
      return unsaidByMembers(file, node.body.body);
    case "TSInterfaceDeclaration":
      return unsaidByMembers(file, node.body.body);
    case "TSTypeAliasDeclaration":
      return node.typeAnnotation.type === "TSTypeLiteral"
        ? unsaidByMembers(file, node.typeAnnotation.members)
        : undefined;
    case "VariableDeclaration":
      return unsaidByValue(file, node);
    default:
      return undefined;
  }
}

function unsaidByFunction(
  file: SourceFile,
  params: readonly Node[],
  body: Node | null,
): string | undefined {
  if (params.length > 2) return "say what it does with its parameters";
  const types = params.map((param) => typeText(file, param));
  if (types.length === 2 && types[0] !== "" && types[0] === types[1]) {
    return `say which ${types[0]} is which`;
  }
  return body !== null && throws(body) ? "say when it throws which error" : undefined;
}

function typeText(file: SourceFile, param: Node): string {
  const annotation = "typeAnnotation" in param ? param.typeAnnotation : undefined;
  return annotation?.type === "TSTypeAnnotation"
    ? file.text.slice(annotation.typeAnnotation.start, annotation.typeAnnotation.end)
    : "";
}

/** Whether a function throws by itself, and not in a function within it. */
function throws(node: Node): boolean {
  if (node.type === "ThrowStatement") return true;
  if (/Function|Class/.test(node.type)) return false;
  return Object.values(node).flat().some((child: unknown) =>
    typeof child === "object" && child !== null && "type" in child && throws(child as Node)
  );
}

function unsaidByMembers(file: SourceFile, members: readonly Node[]): string | undefined {
  const isExplained = members.some(({ start }) => docOf(file, start) !== undefined);
  return members.length > 1 && !isExplained ? "say what it is, or what its members are" : undefined;
}

function unsaidByValue(file: SourceFile, declaration: Node): string | undefined {
  if (declaration.type !== "VariableDeclaration") return undefined;
  const value = declaration.declarations[0]?.init;
  const saysUnit = unit.test(declaredName(declaration));
  switch (value?.type) {
    case "ArrowFunctionExpression":
      return unsaidByFunction(file, value.params, value.body);
    case "FunctionExpression":
      return unsaidByFunction(file, value.params, value.body);
    case "BinaryExpression":
      return saysUnit ? undefined : "say its unit";
    case "Literal":
      if (typeof value.value === "number") return saysUnit ? undefined : "say its unit";
      return "regex" in value ? "say what it matches" : undefined;
    default:
      return undefined;
  }
}

/** Words that say nothing about the thing below them. */
const fillers = new Set(
  ("a an the this that these its their of to for with in on at from by as and or is are be it all " +
    "each one what which how whether some any no not given create make give get return do does " +
    "function command option class type interface value object constant name method")
    .split(" "),
);

function checkRepetitions(file: SourceFile): Finding[] {
  const owners = namedNodes(file);
  return file.comments.flatMap((comment) => {
    if (!isDoc(comment.value) || comment.value.includes("@")) return [];
    const owner = owners.get(file.text.slice(comment.end).search(/\S/) + comment.end);
    return owner === undefined || !repeats(comment, owner) ? [] : [{
      offset: comment.start,
      rule: "repeated-name",
      message: `the docstring of ${owner} only repeats the name. Drop it, or say what the name ` +
        "does not.",
    }];
  });
}

function repeats(comment: Comment, name: string): boolean {
  const known = new Set(wordsOf(name));
  return wordsOf(comment.value).every((word) => known.has(word) || fillers.has(word));
}

/** The words of a name or a sentence, in their simplest form: `readsFiles` and "Reads a file" have the same. */
function wordsOf(text: string): string[] {
  const apart = text.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return (apart.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => {
    const stem = word.length > 3 ? word.replace(/(?<!s)s$/, "") : word;
    return stem === "doe" ? "does" : stem;
  });
}

/** Where each named declaration begins, and its name. */
function namedNodes(file: SourceFile): Map<number, string> {
  const names = new Map<number, string>();
  for (const { node } of allNodes(file.program)) {
    const declaration = node.type === "ExportNamedDeclaration" && node.declaration !== null
      ? node.declaration
      : node;
    const name = declaredName(declaration) || memberName(declaration);
    if (name !== "" && !names.has(node.start)) names.set(node.start, name);
  }
  return names;
}

function memberName(node: Node): string {
  const kinds = ["TSPropertySignature", "TSMethodSignature", "PropertyDefinition"]
    .concat("MethodDefinition", "Property");
  if (!kinds.includes(node.type) || !("key" in node)) return "";
  return node.key.type === "Identifier" ? node.key.name : "";
}

function docOf(file: SourceFile, offset: number): Comment | undefined {
  const doc = file.comments.findLast(({ end }) => end <= offset);
  if (doc === undefined || !isDoc(doc.value) || doc.value.includes("@module")) return undefined;
  return file.text.slice(doc.end, offset).trim() === "" ? doc : undefined;
}

function saysSomething(comment: string): boolean {
  return comment.replaceAll(/[*\s]+/g, " ").replace("@module", "").trim().includes(" ");
}

function isDoc(comment: string): boolean {
  return comment.startsWith("*") && comment.length > 1;
}

function declaredName(node: Node): string {
  if (node.type === "VariableDeclaration") {
    const id = node.declarations[0]?.id;
    return id?.type === "Identifier" ? id.name : "";
  }
  return "id" in node && node.id?.type === "Identifier" ? node.id.name : "";
}

function isTestCase(path: string): boolean {
  return /^(test|bench)\//.test(path) && !path.startsWith("test/support/");
}
