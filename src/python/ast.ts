/**
 * The syntax tree of a Python body: what the parser makes and the emitter reads.
 *
 * @module
 */

import type { Place } from "./problem.ts";

/** A piece of an f-string: text, or a value with its conversion and format. */
export type FormatPart = string | {
  readonly value: Expr;
  readonly conversion: string;
  readonly spec: readonly FormatPart[];
};

/** A parameter of `def` or `lambda`; `target` is Python 2's tuple parameter. */
export interface Param extends Place {
  readonly name: string;
  readonly kind: "plain" | "star" | "key" | "stars";
  readonly fallback: Expr | undefined;
  readonly target: Expr | undefined;
}

/** One `for … in …` or `if …` of a comprehension. */
export type Clause =
  | { readonly kind: "for"; readonly target: Expr; readonly iter: Expr }
  | { readonly kind: "if"; readonly test: Expr };

/** `name=value`, or `**value` with an empty name. */
export interface Keyword {
  readonly name: string;
  readonly value: Expr;
}

/** `key: value` of a dict display, or `**value` with no key. */
export interface Entry {
  readonly key: Expr | undefined;
  readonly value: Expr;
}

/** A text; Python 2 reads `\u` only in `u""`, so there it may be `old`. */
export interface StringValue {
  readonly value: string;
  readonly old: string;
  /** Why Python 3 cannot read it. */
  readonly problem: string | undefined;
}

type Node<K extends string, F> = K extends string ? Place & { readonly kind: K } & F : never;

export type Name = Node<"name", { readonly id: string }>;
export type Attribute = Node<"attr", { readonly object: Expr; readonly name: string }>;
/** `object[index]`. */
export type Subscript = Node<"sub", { readonly object: Expr; readonly index: Expr }>;
export type Call = Node<
  "call",
  { readonly func: Expr; readonly args: readonly Expr[]; readonly keywords: readonly Keyword[] }
>;
/**
 * A list, set, dict or generator comprehension; `value` only for dicts. An "array" is a generator
 * whose consumer takes all of it at once.
 */
export type Comprehension = Node<"comp", {
  readonly type: "list" | "set" | "dict" | "gen" | "array";
  readonly element: Expr;
  readonly value: Expr | undefined;
  readonly clauses: readonly Clause[];
}>;
/** `a < b <= c`. */
export type Compare = Node<
  "compare",
  { readonly left: Expr; readonly ops: readonly string[]; readonly rights: readonly Expr[] }
>;
/** `lower:upper:step`. */
export type Slice = Node<"slice", {
  readonly lower: Expr | undefined;
  readonly upper: Expr | undefined;
  readonly step: Expr | undefined;
}>;
/** `lambda params: body`. */
export type Lambda = Node<"lambda", { readonly params: readonly Param[]; readonly body: Expr }>;

/** An expression. */
export type Expr =
  | Name
  | Attribute
  | Subscript
  | Call
  | Comprehension
  | Compare
  | Slice
  | Lambda
  | Node<"number", { readonly float: boolean; readonly value: string }>
  | Node<"string", StringValue>
  | Node<"bytes", { readonly value: string }>
  | Node<"format", { readonly parts: readonly FormatPart[] }>
  | Node<"constant", { readonly value: null | boolean }>
  | Node<"tuple" | "list" | "set", { readonly items: readonly Expr[] }>
  | Node<"dict", { readonly entries: readonly Entry[] }>
  | Node<"star", { readonly value: Expr }>
  | Node<"binary", { readonly op: string; readonly left: Expr; readonly right: Expr }>
  | Node<"unary", { readonly op: string; readonly operand: Expr }>
  | Node<"logic", { readonly op: "and" | "or"; readonly left: Expr; readonly right: Expr }>
  | Node<"choice", { readonly test: Expr; readonly yes: Expr; readonly no: Expr }>
  | Node<"named", { readonly target: Name; readonly value: Expr }>
  | Node<"repr", { readonly value: Expr }>
  | Yield;

export type Yield = Node<"yield", { readonly value: Expr | undefined; readonly from: boolean }>;

/** One `except` clause; `target` is the name after `as` (or Python 2's comma). */
export interface Handler extends Place {
  readonly type: Expr | undefined;
  readonly target: Expr | undefined;
  readonly body: readonly Stmt[];
}

/** A nested `def`. */
export type Def = Node<"def", {
  readonly name: string;
  readonly params: readonly Param[];
  readonly body: readonly Stmt[];
  /** From the uppermost down. */
  readonly decorators: readonly Expr[];
}>;
/** A class, without metaclass. */
export type Class = Node<"class", {
  readonly name: string;
  readonly bases: readonly Expr[];
  readonly body: readonly Stmt[];
  readonly decorators: readonly Expr[];
}>;
/** `with value as target, …`. */
export type With = Node<"with", {
  readonly items: readonly { readonly value: Expr; readonly target: Expr | undefined }[];
  readonly body: readonly Stmt[];
}>;
/** `if`; an `elif` is an `if` alone in `orelse`. */
export type If = Node<
  "if",
  { readonly test: Expr; readonly body: readonly Stmt[]; readonly orelse: readonly Stmt[] }
>;
/** `while`, with its `else`. */
export type While = Node<
  "while",
  { readonly test: Expr; readonly body: readonly Stmt[]; readonly orelse: readonly Stmt[] }
>;
/** `for`, with its `else`. */
export type For = Node<"for", {
  readonly target: Expr;
  readonly iter: Expr;
  readonly body: readonly Stmt[];
  readonly orelse: readonly Stmt[];
}>;
/** `try` in all its parts. */
export type Try = Node<"try", {
  readonly body: readonly Stmt[];
  readonly handlers: readonly Handler[];
  readonly orelse: readonly Stmt[];
  readonly final: readonly Stmt[] | undefined;
}>;
/** `import a as b` (`from` empty) or `from m import a as b`. */
export type Import = Node<"import", {
  readonly from: string | undefined;
  readonly names: readonly (Place & { readonly name: string; readonly alias: string })[];
}>;
/** `raise type, value` (Python 2) or `raise value`. */
export type Raise = Node<
  "raise",
  { readonly type: Expr | undefined; readonly value: Expr | undefined }
>;

/** A statement. */
export type Stmt =
  | Def
  | Class
  | With
  | If
  | While
  | For
  | Try
  | Import
  | Raise
  | Node<"expr", { readonly value: Expr }>
  | Node<"assign", { readonly targets: readonly Expr[]; readonly value: Expr }>
  | Node<"augment", { readonly target: Expr; readonly op: string; readonly value: Expr }>
  | Node<"del", { readonly targets: readonly Expr[] }>
  | Node<"pass" | "break" | "continue", unknown>
  | Node<"return", { readonly value: Expr | undefined }>
  | Node<"scope", { readonly scope: "global" | "nonlocal"; readonly names: readonly string[] }>
  | Node<"assert", { readonly test: Expr; readonly message: Expr | undefined }>
  | Node<"print", {
    /** `print >>to, …`. */
    readonly to: Expr | undefined;
    readonly values: readonly Expr[];
    readonly open: boolean;
  }>;
