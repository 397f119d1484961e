/**
 * The imports of a file as written, types included.
 *
 * @module
 */
import type { NodeContext, SourceFile } from "./source_file.ts";

/** One import as written. */
export interface Import {
  /** The specifier; absent when it is computed. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** What a node imports: by a statement, a type, `import()` or `require`. */
export function readImport(file: SourceFile, { node }: NodeContext): Import[] {
  const line = file.lineAt(node.start);
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "TSImportType":
      return [{ specifier: node.source.value, line }];
    case "ExportNamedDeclaration":
      return node.source === null ? [] : [{ specifier: node.source.value, line }];
    case "ImportExpression":
      return [{ specifier: literalText(node.source), line }];
    case "TSExternalModuleReference":
      return [{ specifier: node.expression.value, line }];
    case "CallExpression": {
      const required = node.callee.type === "Identifier" && node.callee.name === "require";
      return required ? [{ specifier: literalText(node.arguments[0]), line }] : [];
    }
    default:
      return [];
  }
}

function literalText(node: NodeContext["node"] | undefined): string | undefined {
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}
