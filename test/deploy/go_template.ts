/**
 * Renders the templates of a Helm chart, as far as ours go: `define`, `if`, `with`, fields, pipelines and
 * the functions below. Everything else is an error, so that nothing is rendered in another way than by Helm.
 *
 * @module
 */
import { createHash } from "node:crypto";

type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly expression: string }
  | {
    readonly kind: "if" | "with";
    readonly expression: string;
    readonly then: readonly Node[];
    readonly otherwise: readonly Node[];
  };

/** The templates of one chart by name: files, and what they define. */
export class Templates {
  readonly #byName = new Map<string, readonly Node[]>();

  /** Reads a file; what it defines can be included by all. */
  add(name: string, text: string): void {
    const tokens = tokenize(text);
    this.#byName.set(name, this.#readUntilEnd(tokens, "file"));
    if (tokens.length > 0) throw new Error(`${name}: {{ ${tokens[0]?.text} }} without a beginning`);
  }

  /** Renders a file or a definition. */
  render(name: string, dot: unknown): string {
    const nodes = this.#byName.get(name);
    if (nodes === undefined) throw new Error(`There is no template "${name}"`);
    return this.#renderNodes(nodes, dot);
  }

  #readUntilEnd(tokens: Token[], place: "file" | "block"): Node[] {
    const nodes: Node[] = [];
    for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
      if (token.isAction && /^(end|else)$/.test(token.text)) break;
      tokens.shift();
      const node = this.#readNode(token, tokens);
      if (node !== undefined) nodes.push(node);
    }
    if (place === "block" && tokens.length === 0) throw new Error("A block has no end");
    return nodes;
  }

  #readNode({ isAction, text }: Token, tokens: Token[]): Node | undefined {
    if (!isAction) return { kind: "text", text };
    if (text.startsWith("/*")) return { kind: "text", text: "" };
    const [, word, rest = ""] = /^(define|if|with)\s+(.*)$/s.exec(text) ?? [];
    if (word === undefined) return { kind: "value", expression: text };
    const then = this.#readUntilEnd(tokens, "block");
    const hasElse = tokens.shift()?.text === "else";
    const otherwise = hasElse ? this.#readUntilEnd(tokens, "block") : [];
    if (hasElse) tokens.shift();
    if (word === "define") {
      this.#byName.set(JSON.parse(rest) as string, then);
      return undefined;
    }
    return { kind: word === "if" ? "if" : "with", expression: rest, then, otherwise };
  }

  #renderNodes(nodes: readonly Node[], dot: unknown): string {
    return nodes.map((node) => this.#renderNode(node, dot)).join("");
  }

  #renderNode(node: Node, dot: unknown): string {
    if (node.kind === "text") return node.text;
    const value = this.#evaluate(node.expression, dot);
    if (node.kind === "value") return textOf(value);
    if (!isTrue(value)) return this.#renderNodes(node.otherwise, dot);
    return this.#renderNodes(node.then, node.kind === "with" ? value : dot);
  }

  #evaluate(expression: string, dot: unknown): unknown {
    const words = expression.match(/"(?:[^"\\]|\\.)*"|[()|]|[^\s()|]+/g) ?? [];
    const value = this.#pipeline(words, dot);
    if (words.length > 0) throw new Error(`{{ ${expression} }} has a bracket too many`);
    return value;
  }

  /** Takes words until a closing bracket or the end. */
  #pipeline(words: string[], dot: unknown): unknown {
    let value: unknown;
    for (let isFirst = true;; isFirst = false) {
      const parts: unknown[] = [];
      let name: string | undefined;
      while (words.length > 0 && words[0] !== "|" && words[0] !== ")") {
        const word = words.shift() ?? "";
        if (/^[a-z]\w*$/i.test(word) && parts.length === 0 && name === undefined) name = word;
        else parts.push(word === "(" ? this.#bracket(words, dot) : operand(word, dot));
      }
      if (!isFirst) parts.push(value);
      value = name === undefined ? parts[0] : this.#call(name, parts);
      if (words[0] !== "|") return value;
      words.shift();
    }
  }

  #bracket(words: string[], dot: unknown): unknown {
    const value = this.#pipeline(words, dot);
    if (words.shift() !== ")") throw new Error("A bracket is not closed");
    return value;
  }

  #call(name: string, parts: readonly unknown[]): unknown {
    if (name === "include") return this.render(String(parts[0]), parts[1]);
    const call = functions[name];
    if (call === undefined) throw new Error(`The function ${name} is not known to this test`);
    return call(...parts);
  }
}

interface Token {
  readonly isAction: boolean;
  readonly text: string;
}

/** Text and actions in turn; `{{-` and `-}}` take the blanks and lines beside them along. */
function tokenize(template: string): Token[] {
  const tokens: Token[] = [];
  let trimsNext = false;
  for (const piece of template.split(/(\{\{.*?\}\})/s)) {
    if (piece.startsWith("{{")) {
      const last = tokens.pop();
      const trims = /^\{\{-\s/.test(piece);
      if (last !== undefined) tokens.push(trims && !last.isAction ? trimmedEnd(last) : last);
      trimsNext = /\s-\}\}$/.test(piece);
      tokens.push({ isAction: true, text: piece.replace(/^\{\{-?\s*|\s*-?\}\}$/g, "") });
      continue;
    }
    tokens.push({ isAction: false, text: trimsNext ? piece.trimStart() : piece });
    trimsNext = false;
  }
  return tokens;
}

function trimmedEnd({ text }: Token): Token {
  return { isAction: false, text: text.trimEnd() };
}

function operand(word: string, dot: unknown): unknown {
  if (word.startsWith('"')) return JSON.parse(word);
  if (/^\d+$/.test(word)) return Number(word);
  if (!/^\.[\w.]*$/.test(word)) throw new Error(`${word} is not known to this test`);
  return word.split(".").filter((name) => name !== "").reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null) throw new Error(`There is no ${word}`);
    return (value as Record<string, unknown>)[name];
  }, dot);
}

function isTrue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}

function textOf(value: unknown): string {
  if (value === undefined || typeof value === "object") throw new Error("A value is not a text");
  return String(value);
}

function indented(lines: string, columns: number): string {
  return lines.split("\n").map((line) => " ".repeat(columns) + line).join("\n");
}

function refuse(message: unknown): never {
  throw new Error(String(message));
}

/** A pattern of Go: its flags stand in front. */
function goPattern(pattern: string): RegExp {
  const [, flags = "", rest = ""] = /^(?:\(\?(\w+)\))?(.*)$/s.exec(pattern) ?? [];
  return new RegExp(rest, flags);
}

const functions: Readonly<Record<string, (...parts: readonly unknown[]) => unknown>> = {
  add: (...parts) => parts.reduce<number>((sum, part) => sum + Number(part), 0),
  and: (a, b) => isTrue(a) ? b : a,
  default: (other, value) => isTrue(value) ? value : other,
  fail: refuse,
  ge: (a, b) => Number(a) >= Number(b),
  gt: (a, b) => Number(a) > Number(b),
  int: (value) => Math.trunc(Number(value)),
  int64: (value) => Math.trunc(Number(value)),
  nindent: (columns, lines) => `\n${indented(String(lines), Number(columns))}`,
  not: (value) => !isTrue(value),
  printf: (form, ...texts) => {
    const left = [...texts];
    return String(form).replaceAll("%s", () => String(left.shift()));
  },
  quote: (text) => JSON.stringify(text),
  regexFind: (pattern, text) => goPattern(String(pattern)).exec(String(text))?.[0] ?? "",
  required: (message, value) => isTrue(value) ? value : refuse(message),
  sha256sum: (text) => createHash("sha256").update(String(text)).digest("hex"),
  toYaml: (value) => Bun.YAML.stringify(value, null, 2).trimEnd(),
  trimSuffix: (end, text) => String(text).replace(new RegExp(`${end}$`), ""),
  trunc: (length, text) => String(text).slice(0, Number(length)),
};
