/** Parses `import` and `from … import`. @module */

import type { Stmt } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { at, identifier } from "./parse_expression.ts";
import type { Place } from "./problem.ts";

/** Parses an import statement; which modules exist is the emitter's business. */
export function parseImport(c: Cursor): Stmt {
  const token = c.next();
  const place = at(token);
  if (token.text === "import") {
    const names = [importedName(c, dotted)];
    while (c.accept(",")) names.push(importedName(c, dotted));
    return { kind: "import", from: undefined, names, ...place };
  }
  if (c.is(".") || c.is("...")) c.fail("relative import is not supported");
  const from = dotted(c);
  c.expect("import");
  if (c.is("*")) c.fail("'import *' is not supported");
  const bracketed = c.accept("(");
  const names = [importedName(c, identifier)];
  while (c.accept(",")) {
    if (bracketed && c.is(")")) break;
    names.push(importedName(c, identifier));
  }
  if (bracketed) c.expect(")");
  return { kind: "import", from, names, ...place };
}

function importedName(
  c: Cursor,
  read: (c: Cursor) => string,
): Place & { name: string; alias: string } {
  const place = at(c.peek());
  const name = read(c);
  const alias = c.accept("as") ? identifier(c) : name;
  return { name, alias, ...place };
}

function dotted(c: Cursor): string {
  let name = identifier(c);
  while (c.accept(".")) name += `.${identifier(c)}`;
  return name;
}
