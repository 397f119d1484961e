/**
 * Source files as the gates see them: parsed, with lines to point at.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { type Comment, type Node, parseSync, type Program, visitorKeys } from "oxc-parser";

/** One file, parsed. */
export interface SourceFile {
  /** Path from the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** 1-based line of an offset into the text. */
  lineAt(offset: number): number;
}

/** One thing that breaks a rule. */
export interface Violation {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** Short name of the rule. */
  readonly rule: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
  /** Whether it is shown and does not fail the gate. */
  readonly isWarning?: boolean;
}

/** A node with where it hangs in the tree. */
export interface NodeContext {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** The property of the parent that holds the node. */
  readonly key: string;
}

const codeExtensions = new Set([".ts", ".tsx", ".js", ".mjs"]);
const foreignFolders = new Set(["node_modules", "dist", "build", "corpus"]);

/** Parses `text` as the file `path`; a syntax error throws with its line. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  const lineAt = lineFinder(text);
  const error = errors[0];
  if (error !== undefined) {
    const line = lineAt(error.labels[0]?.start ?? 0);
    throw new Error(`${path}:${line} cannot be parsed: ${error.message}`);
  }
  return { path, text, program, comments, lineAt };
}

/** The code files below `folders` (or files) of the repository `root`, parsed, sorted by path. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => codeFiles(join(root, folder)))
    .map((path) => relative(root, path).replaceAll("\\", "/"))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** Every node below `program`, parents first. */
export function* allNodes(program: Program): Generator<NodeContext> {
  yield* nodesBelow({ node: program, parent: undefined, key: "" });
}

/** Prints the violations, the summary last; the result is the exit code. */
export function reportViolations(
  gate: string,
  files: number,
  violations: readonly Violation[],
): number {
  for (const { file, line, rule, message, isWarning } of violations) {
    console.error(`${file}:${line}  ${isWarning ? "warning: " : ""}${rule}: ${message}`);
  }
  const warnings = violations.filter(({ isWarning }) => isWarning).length;
  const wrong = violations.length - warnings;
  console.log(`${gate}: files ${files}, violations ${wrong}, warnings ${warnings}`);
  return wrong === 0 ? 0 : 1;
}

function* nodesBelow(found: NodeContext): Generator<NodeContext> {
  yield found;
  const children: Record<string, unknown> = { ...found.node };
  for (const key of visitorKeys[found.node.type] ?? []) {
    for (const child of [children[key]].flat()) {
      if (isNode(child)) yield* nodesBelow({ node: child, parent: found.node, key });
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

function codeFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return foreignFolders.has(entry.name) ? [] : codeFiles(child);
    return codeExtensions.has(extname(entry.name)) ? [child] : [];
  });
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
