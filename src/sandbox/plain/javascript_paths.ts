/**
 * What plain JavaScript bodies read of the record.
 *
 * @module
 */

import { childOf, staticKey, type SyntaxNode } from "../syntax_tree.ts";
import { given, isPlainObject, type Plain, readPath, refuse, type Step, unsure } from "./values.ts";

/** Keys under which a record has more than what the source gave it. */
const ownKeys = new Set(["__proto__", "get", "hasOwnProperty", "toString", "toJSON"]);

/** `record.get("a", fallback)`, also of what is in the record. */
export function get(
  callee: SyntaxNode,
  args: readonly SyntaxNode[],
  given: readonly Step[],
): Step {
  const path = recordPath(childOf(callee, "object"));
  const [key] = args;
  const [, fallback = () => null] = given;
  if (path === undefined || args.length > 2 || typeof key?.["value"] !== "string") return refuse();
  if (ownKeys.has(key["value"])) return refuse();
  const whole = [...path, key["value"]];
  return (frame) => {
    // Worked out also where it is not needed: it may have an error.
    const instead = fallback(frame);
    // Whether that is null depends on what is missing: the object or its key.
    const missing = instead === undefined && path.length > 0 ? unsure : () => instead;
    return readPath(frame.record, whole, missing);
  };
}

/** The keys of `record.a["b"]`; none for the record itself. */
export function recordPath(node: SyntaxNode | undefined): readonly string[] | undefined {
  return linksOf(node)?.map(({ key, isOptional }) => isOptional ? refuse() : key);
}

/** A key, and whether what it is read from may be missing: `a?.b`. */
interface Link {
  readonly key: string;
  readonly isOptional: boolean;
}

function linksOf(node: SyntaxNode | undefined): readonly Link[] | undefined {
  if (node?.type === "Identifier") return node["name"] === "record" ? [] : undefined;
  if (node?.type !== "MemberExpression") return undefined;
  const before = linksOf(childOf(node, "object"));
  const key = staticKey(node["property"], node["computed"]);
  if (before === undefined || key === undefined || ownKeys.has(key)) return undefined;
  return [...before, { key, isOptional: node["optional"] === true }];
}

/** `record.a?.b`: undefined where there is nothing before `?.`, null where a key is missing. */
export function chain(node: SyntaxNode | undefined): Step | undefined {
  const links = linksOf(node);
  if (links === undefined || links.length === 0) return undefined;
  return ({ record }) => readChain(record, links);
}

function readChain(record: unknown, links: readonly Link[]): Plain {
  let found = isPlainObject(record) ? record as unknown : unsure();
  let isMissing = false;
  for (const { key, isOptional } of links) {
    if (isOptional && (isMissing || found === null)) return undefined;
    if (isMissing) continue;
    if (!isPlainObject(found)) return unsure();
    isMissing = !Object.hasOwn(found, key);
    found = found[key];
  }
  return isMissing ? null : given(found);
}
