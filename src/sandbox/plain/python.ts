/**
 * Plain Python bodies: those without loops, functions, exceptions and whatever else takes an engine.
 *
 * @module
 */

import type {
  Call,
  Expr,
  FormatPart,
  Slice,
  Stmt,
  StringValue,
  Subscript,
} from "../../python/mod.ts";
import { pythonMethods } from "./python_methods.ts";
import {
  bounded,
  buildPlain,
  digits,
  type Frame,
  goesOn,
  isOrdinary,
  joined,
  list,
  mostParts,
  ordered,
  type Plain,
  type PlainBody,
  readPath,
  refuse,
  sequence,
  type Statement,
  type Step,
  text,
  unsure,
} from "./values.ts";

/** Makes a plain body of statements; undefined when it is not plain. `parameters` are its names. */
export function plainPython(
  statements: readonly Stmt[],
  parameters: readonly string[],
): PlainBody | undefined {
  return buildPlain(() => {
    const builder = new Builder(parameters);
    const run = builder.block(statements);
    return { run, slots: builder.slots };
  });
}

/** In place of a slot: the body uses a name of Python's, and must not assign to it. */
const outside = -1;

class Builder {
  slots = 1;
  #parts = 0;
  readonly #names = new Map<string, number>();
  readonly #parameters: readonly string[];

  constructor(parameters: readonly string[]) {
    this.#parameters = parameters;
    if (parameters.includes("value")) this.#names.set("value", 0);
  }

  block(statements: readonly Stmt[]): Statement {
    return sequence(statements.map((statement) => this.#statement(statement)));
  }

  #statement(node: Stmt): Statement {
    switch (node.kind) {
      case "pass":
        return () => goesOn;
      case "expr":
        // A text for those who read the code.
        return node.value.kind === "string" ? () => goesOn : refuse();
      case "return":
        return node.value === undefined ? () => null : this.#expression(node.value);
      case "if": {
        const test = this.#truth(node.test);
        const yes = this.block(node.body);
        const no = this.block(node.orelse);
        return (frame) => test(frame) ? yes(frame) : no(frame);
      }
      case "assign":
        return this.#assign(node.targets, this.#expression(node.value));
      default:
        return refuse();
    }
  }

  #assign([target, ...more]: readonly Expr[], value: Step): Statement {
    if (target === undefined || more.length > 0) return refuse();
    if (target.kind === "name") {
      const slot = this.#slot(target.id);
      return (frame) => {
        frame.slots[slot] = value(frame);
        return goesOn;
      };
    }
    if (target.kind !== "tuple" && target.kind !== "list") return refuse();
    const slots = target.items.map((item) => item.kind === "name" ? this.#slot(item.id) : refuse());
    return (frame) => {
      const parts = list(value(frame));
      if (parts.length !== slots.length) unsure();
      slots.forEach((slot, at) => frame.slots[slot] = parts[at]);
      return goesOn;
    };
  }

  #slot(name: string): number {
    const known = this.#names.get(name);
    if (known === outside) return refuse();
    if (known !== undefined) return known;
    if (this.#parameters.includes(name)) refuse();
    this.#names.set(name, this.slots);
    return this.slots++;
  }

  #expression(node: Expr): Step {
    if (++this.#parts > mostParts) refuse();
    switch (node.kind) {
      case "string":
        return literal(node);
      case "constant":
        return () => node.value;
      case "number": {
        const number = Number(node.value);
        return !node.float && /^\d+$/.test(node.value) && Number.isSafeInteger(number)
          ? () => number
          : refuse();
      }
      case "name":
        return this.#name(node.id);
      case "format":
        return this.#format(node.parts);
      case "choice": {
        const [test, yes, no] = [
          this.#truth(node.test),
          this.#expression(node.yes),
          this.#expression(node.no),
        ];
        return (frame) => test(frame) ? yes(frame) : no(frame);
      }
      case "logic":
        return this.#logic(node.op, this.#expression(node.left), this.#expression(node.right));
      case "unary": {
        if (node.op !== "not") return refuse();
        const operand = this.#truth(node.operand);
        return (frame) => !operand(frame);
      }
      case "compare":
        return this.#compare(node.left, node.ops, node.rights);
      case "binary":
        return this.#binary(node.op, node.left, node.right);
      case "sub":
        return this.#subscript(node);
      case "attr":
        return reading(recordPath(node) ?? refuse());
      case "call":
        return this.#call(node);
      default:
        return refuse();
    }
  }

  /** A name that has no value yet is an error, of which the sandbox tells. */
  #name(name: string): Step {
    const slot = this.#names.get(name);
    if (slot === undefined || slot === outside) return refuse();
    return (frame) => {
      const value = frame.slots[slot];
      return value === undefined ? unsure() : value;
    };
  }

  #format(parts: readonly FormatPart[]): Step {
    const texts = [""];
    const values: Step[] = [];
    for (const part of parts) {
      if (typeof part === "string") texts[texts.length - 1] += part;
      else {
        if (part.conversion !== "" || part.spec.length > 0) refuse();
        values.push(this.#expression(part.value));
        texts.push("");
      }
    }
    return joined(texts, values, digits);
  }

  #truth(node: Expr): (frame: Frame) => boolean {
    const value = this.#expression(node);
    return (frame) => isTrue(value(frame));
  }

  #logic(op: "and" | "or", left: Step, right: Step): Step {
    return (frame) => {
      const value = left(frame);
      return isTrue(value) === (op === "and") ? right(frame) : value;
    };
  }

  #compare(
    leftNode: Expr,
    [op = "", ...moreOps]: readonly string[],
    rights: readonly Expr[],
  ): Step {
    const [rightNode] = rights;
    if (rightNode === undefined || moreOps.length > 0) return refuse();
    const left = this.#expression(leftNode);
    if (op === "in" || op === "not in") {
      const has = this.#membership(rightNode);
      return (frame) => has(frame, left(frame)) === (op === "in");
    }
    const right = this.#expression(rightNode);
    switch (op) {
      case "==":
      case "!=":
        return (frame) => isEqual(left(frame), right(frame)) === (op === "==");
      case "is":
      case "is not":
        if (rightNode.kind !== "constant") return refuse();
        return (frame) => (left(frame) === right(frame)) === (op === "is");
      case "<":
      case "<=":
      case ">":
      case ">=":
        return (frame) => ordered(op, left(frame), right(frame));
      default:
        return refuse();
    }
  }

  #membership(node: Expr): (frame: Frame, value: Plain) => boolean {
    if (node.kind === "tuple" || node.kind === "list" || node.kind === "set") {
      const items = node.items.map((item) => item.kind === "string" ? item.value : refuse());
      return (_, value) =>
        typeof value === "object" && value !== null ? unsure() : items.includes(value as string);
    }
    const whole = this.#expression(node);
    return (frame, value) => {
      const found = whole(frame);
      const part = text(value);
      return typeof found === "string" ? found.includes(part) : list(found).includes(part);
    };
  }

  #binary(op: string, left: Expr, right: Expr): Step {
    if (op === "%" && left.kind === "string" && left.old === left.value) {
      return this.#percent(left.value, right);
    }
    if (op !== "+") return refuse();
    const [a, b] = [this.#expression(left), this.#expression(right)];
    return (frame) => bounded(text(a(frame)) + text(b(frame)));
  }

  /** `"%s of %s" % (a, b)` */
  #percent(template: string, right: Expr): Step {
    const texts = template.split("%s");
    if (texts.some((between) => between.includes("%"))) refuse();
    const items = right.kind === "tuple" ? right.items : [right];
    if (items.length !== texts.length - 1) refuse();
    return joined(texts, items.map((item) => this.#expression(item)), digits);
  }

  #subscript(node: Subscript): Step {
    const path = recordPath(node);
    if (path !== undefined) return reading(path);
    const object = this.#expression(node.object);
    if (node.index.kind === "slice") return sliced(object, node.index);
    const at = wholeNumber(node.index);
    return (frame) => {
      const value = object(frame);
      const found = (typeof value === "string" ? value : list(value)).at(at);
      return found === undefined ? unsure() : found;
    };
  }

  #call({ func, args, keywords }: Call): Step {
    if (keywords.length > 0) return refuse();
    if (func.kind === "name") return this.#functionCall(func.id, args);
    if (func.kind !== "attr") return refuse();
    if (func.name === "get") return this.#get(func.object, args);
    const method = Object.hasOwn(pythonMethods, func.name) ? pythonMethods[func.name] : undefined;
    if (method === undefined) return refuse();
    return method(this.#expression(func.object), args.map((one) => this.#expression(one)));
  }

  /** `len(x)`, `str(x)`: names that the body may give another meaning. */
  #functionCall(name: string, [argument, ...more]: readonly Expr[]): Step {
    if (
      argument === undefined || more.length > 0 || (this.#names.get(name) ?? outside) !== outside
    ) {
      return refuse();
    }
    const value = this.#expression(argument);
    if (name !== "len" && name !== "str") return refuse();
    this.#names.set(name, outside);
    if (name === "str") return joined(["", ""], [value], digits);
    return (frame) => {
      const counted = value(frame);
      return typeof counted === "string" ? counted.length : list(counted).length;
    };
  }

  /** `record["a"].get("b", fallback)` */
  #get(object: Expr, [key, fallback, ...more]: readonly Expr[]): Step {
    const path = recordPath(object);
    if (path === undefined || key?.kind !== "string" || more.length > 0) return refuse();
    const instead = fallback === undefined ? () => null : this.#expression(fallback);
    const { value: last } = key;
    const whole = [...path.keys, last];
    // What is missing before the last key is another matter than that key.
    const missing = path.keys.length === 0 ? instead : unsure;
    return (frame) => readPath(frame.record, whole, () => missing(frame));
  }
}

/** A path from the record's top, and whether all that it lacks is None. */
interface Path {
  readonly keys: readonly string[];
  readonly isOpen: boolean;
}

/** What `record["a"].b` reads; no keys for the record itself. */
function recordPath(node: Expr): Path | undefined {
  if (node.kind === "name") return node.id === "record" ? { keys: [], isOpen: true } : undefined;
  if (node.kind === "attr") {
    const before = recordPath(node.object);
    if (before === undefined || node.name.startsWith("_")) return undefined;
    return { keys: [...before.keys, node.name], isOpen: before.isOpen };
  }
  if (node.kind !== "sub" || node.index.kind !== "string") return undefined;
  const before = recordPath(node.object);
  if (node.index.old !== node.index.value || node.index.value === "__proto__") return undefined;
  return before === undefined
    ? undefined
    : { keys: [...before.keys, node.index.value], isOpen: false };
}

/** Reads at a path. What is missing may be an error, of which the sandbox tells. */
function reading({ keys, isOpen }: Path): Step {
  const missing = isOpen ? () => null : unsure;
  return ({ record }) => readPath(record, keys, missing);
}

function literal({ value, old }: StringValue): Step {
  return old === value && isOrdinary(value) ? () => value : refuse();
}

/** A whole number as it is written, also below zero. */
function wholeNumber(node: Expr): number {
  if (node.kind === "unary" && node.op === "-") return -wholeNumber(node.operand);
  const number = node.kind === "number" && !node.float && /^\d{1,9}$/.test(node.value)
    ? Number(node.value)
    : refuse();
  return number;
}

function sliced(object: Step, { lower, upper, step }: Slice): Step {
  if (step !== undefined) return refuse();
  const from = lower === undefined ? 0 : wholeNumber(lower);
  const to = upper === undefined ? undefined : wholeNumber(upper);
  return (frame) => {
    const value = object(frame);
    return (typeof value === "string" ? value : list(value)).slice(from, to);
  };
}

function isTrue(value: Plain): boolean {
  if (typeof value === "object" && value !== null) return value.length > 0;
  return Boolean(value);
}

/** Of two values of one kind, or with None: what else is equal takes Python's rules. */
function isEqual(a: Plain, b: Plain): boolean {
  if (a === null || b === null) return a === b;
  return typeof a === typeof b && typeof a !== "object" ? a === b : unsure();
}
