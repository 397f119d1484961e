/**
 * Every file opens with a sentence about itself, every exported thing is explained.
 *
 * @module
 */
import type { Node, Program } from "oxc-parser";
import type { Finding } from "./style.ts";
import type { SourceFile } from "./source_file.ts";

type Statement = Program["body"][number];

/** What is undocumented in `file`; tests need only say what they are about. */
export function checkDocs(file: SourceFile): Finding[] {
  return [...checkOpening(file), ...(isTestCase(file.path) ? [] : checkExports(file))];
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
    if (hasDoc(file, statement.start)) {
      documented.add(name);
      return [];
    }
    return [missing(statement.start, name)];
  });
}

function checkLocalExports(file: SourceFile, statement: Statement): Finding[] {
  if (statement.type !== "ExportNamedDeclaration") return [];
  return statement.specifiers.flatMap(({ local, start }) => {
    const name = local.type === "Literal" ? local.value : local.name;
    const declaration = file.program.body.find((each) => declaredName(each) === name);
    return declaration !== undefined && !hasDoc(file, declaration.start)
      ? [missing(start, name)]
      : [];
  });
}

function hasDoc(file: SourceFile, offset: number): boolean {
  const doc = file.comments.findLast(({ end }) => end <= offset);
  if (doc === undefined || !isDoc(doc.value) || doc.value.includes("@module")) return false;
  return file.text.slice(doc.end, offset).trim() === "";
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

function missing(offset: number, name: string): Finding {
  const message = `${name} is exported without a docstring. Say what it does, in which units, ` +
    "and how it fails.";
  return { offset, rule: "docstring", message };
}
