/**
 * Which fields of the record a body can be shown to read.
 *
 * @module
 */

import type { Call, Expr, Stmt } from "./ast.ts";
import { paramNames, targetNames } from "./scope.ts";
import { blocks, children, everyExpression, expressions } from "./walk.ts";

/** Paths from the record's top: `["general", "name"]` means that value and all below it. */
export type ReadPaths = readonly (readonly string[])[];

/**
 * What functions of the host read of the record, their first argument: all below a field, or a
 * dotted path, their second argument, which may also be a key with dots in it.
 */
export type Lookups = Readonly<Record<string, { readonly field: string } | "path">>;

const methods = new Set(
  ("get keys values items copy has_key iterkeys itervalues iteritems viewkeys viewvalues viewitems " +
    "pop popitem setdefault update clear").split(" "),
);

/** The paths `body` reads, or "everything" when the record itself is handed around. */
export function readPaths(
  body: readonly Stmt[],
  record: string,
  lookups: Lookups,
): ReadPaths | "everything" {
  if (rebinds(body, record)) return "everything";
  const reader = new Reader(record, lookups);
  const found: string[][] = [];
  let all = false;
  const visit = (node: Expr): void => {
    const paths = reader.read(node);
    if (paths === "everything") all = true;
    else if (paths !== undefined) {
      found.push(...paths.paths);
      paths.others.forEach(visit);
    } else children(node).forEach(visit);
  };
  const visitAll = (block: readonly Stmt[]): void => {
    for (const statement of block) {
      expressions(statement).forEach(visit);
      blocks(statement, true).forEach(visitAll);
    }
  };
  visitAll(body);
  return all ? "everything" : shortest(found);
}

interface Reading {
  readonly paths: string[][];
  readonly others: readonly Expr[];
}

/** Finds what expressions read of the record. */
class Reader {
  readonly #record: string;
  readonly #lookups: Lookups;

  constructor(record: string, lookups: Lookups) {
    this.#record = record;
    this.#lookups = lookups;
  }

  /** What an expression reads of the record; undefined when it is no reading of it itself. */
  read(node: Expr): Reading | "everything" | undefined {
    if (node.kind === "name") return node.id === this.#record ? "everything" : undefined;
    if (node.kind === "call") return this.#callPaths(node);
    if (node.kind === "binary" && node.op === "%" && node.left.kind === "string") {
      const { value } = node.left;
      const names = [...value.matchAll(/%\(([^)]*)\)/g)].map((match) => [match[1] ?? ""]);
      if (node.right.kind === "name" && node.right.id === this.#record) {
        return { paths: names, others: [] };
      }
    }
    if (
      node.kind === "compare" && node.ops.every((op) => op.endsWith("in")) &&
      node.rights.length === 1
    ) {
      const [right] = node.rights;
      if (right?.kind === "name" && right.id === this.#record && node.left.kind === "string") {
        return { paths: [[node.left.value]], others: [] };
      }
    }
    const others: Expr[] = [];
    const path = this.#chain(node, others);
    return path === undefined || path.length === 0 ? undefined : { paths: [path], others };
  }

  /** What a call reads: `.get("a")` goes on with the path, any other method reads all of its object. */
  #callPaths(node: Call): Reading | "everything" | undefined {
    const lookup = this.#lookupPaths(node);
    if (lookup !== undefined) return lookup;
    const others: Expr[] = [];
    const path = this.#chain(node, others);
    if (path !== undefined) return { paths: [path], others };
    if (node.func.kind !== "attr") return undefined;
    const whole = this.#chain(node.func.object, others);
    if (whole === undefined) return undefined;
    const rest = [...node.args, ...node.keywords.map((keyword) => keyword.value)];
    return whole.length === 0 ? "everything" : { paths: [whole], others: [...others, ...rest] };
  }

  /** The helpers that look into the record by a name or path. */
  #lookupPaths(node: Call): Reading | undefined {
    const [first, second, ...rest] = node.args;
    if (node.func.kind !== "name" || first?.kind !== "name" || first.id !== this.#record) {
      return undefined;
    }
    const others = [...rest, ...node.keywords.map((keyword) => keyword.value)];
    const lookup = Object.hasOwn(this.#lookups, node.func.id)
      ? this.#lookups[node.func.id]
      : undefined;
    if (lookup === undefined || second === undefined) return undefined;
    if (lookup !== "path") return { paths: [[lookup.field]], others: [second, ...others] };
    if (second.kind !== "string") return undefined;
    const whole = second.value;
    return { paths: [[whole.split(".")[0] ?? whole], [whole]], others };
  }

  /** The path of `record.a["b"].get("c")`; values inside that are no part of it go to `others`. */
  #chain(node: Expr, others: Expr[]): string[] | undefined {
    if (node.kind === "name") return node.id === this.#record ? [] : undefined;
    if (node.kind === "attr") {
      const before = this.#chain(node.object, others);
      // A method taken without a call hands the whole object on.
      return before === undefined || (methods.has(node.name) && before.length === 0)
        ? undefined
        : methods.has(node.name)
        ? before
        : [...before, node.name];
    }
    if (node.kind === "sub" && node.index.kind === "string") {
      const before = this.#chain(node.object, others);
      return before === undefined ? undefined : [...before, node.index.value];
    }
    if (node.kind !== "call" || node.func.kind !== "attr" || node.keywords.length > 0) {
      return undefined;
    }
    const [key, ...rest] = node.args;
    if ((node.func.name !== "get" && node.func.name !== "has_key") || key?.kind !== "string") {
      return undefined;
    }
    if (rest.some((value) => value.kind === "star")) return undefined;
    const before = this.#chain(node.func.object, others);
    if (before === undefined) return undefined;
    others.push(...rest);
    return [...before, key.value];
  }
}

/** Is the record's name given another meaning anywhere? */
function rebinds(body: readonly Stmt[], record: string): boolean {
  const bound = (target: Expr) => targetNames(target).includes(record);
  for (const node of everyExpression(body)) {
    if (node.kind === "named" && node.target.id === record) return true;
    if (node.kind === "lambda" && paramNames(node.params).includes(record)) return true;
    if (node.kind === "comp" && node.clauses.some((c) => c.kind === "for" && bound(c.target))) {
      return true;
    }
  }
  const rebound = (node: Stmt): boolean => {
    if (node.kind === "assign" && node.targets.some(bound)) return true;
    if (node.kind === "augment" && bound(node.target)) return true;
    if (node.kind === "for" && bound(node.target)) return true;
    if (node.kind === "del" && node.targets.some(bound)) return true;
    if (node.kind === "def" && [node.name, ...paramNames(node.params)].includes(record)) {
      return true;
    }
    if (node.kind === "class" && node.name === record) return true;
    if (node.kind === "with" && node.items.some(({ target }) => target && bound(target))) {
      return true;
    }
    if (node.kind === "import" && node.names.some((name) => name.alias === record)) return true;
    if (node.kind === "try" && node.handlers.some((h) => h.target && bound(h.target))) return true;
    return blocks(node, true).some((block) => block.some(rebound));
  };
  return body.some(rebound);
}

/** Drops paths that lie below another one, and repetitions. */
function shortest(paths: readonly string[][]): ReadPaths {
  const kept: string[][] = [];
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    if (!kept.some((other) => other.every((key, index) => key === path[index]))) kept.push(path);
  }
  return kept.sort((a, b) => a.join("\0") < b.join("\0") ? -1 : 1);
}
