/**
 * Plain Python bodies: those without loops, functions and whatever else takes an engine.
 *
 * @module
 */

import {
  boundNames,
  type Call,
  type Expr,
  type FormatPart,
  type Stmt,
  type Subscript,
  type Try,
} from "../../python/mod.ts";
import { literal, sliced, tableOf, wholeNumber } from "./python_literals.ts";
import { pythonMethods } from "./python_methods.ts";
import { gotten, reading } from "./python_paths.ts";
import { braces, percent } from "./python_templates.ts";
import {
  contains,
  isEqual,
  isInstance,
  isTrue,
  itemAt,
  lookedUp,
  plus,
  written,
} from "./python_values.ts";
import {
  attempt,
  buildPlain,
  calculated,
  type Frame,
  goesOn,
  joined,
  list,
  listOf,
  mostParts,
  ordered,
  type Plain,
  type PlainBody,
  refuse,
  sequence,
  single,
  type Statement,
  type Step,
  unsure,
  wholeNumberOf,
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

/** The types that `isinstance` may ask for; what a text is depends on no version. */
const types: Readonly<Record<string, "text" | "int">> = { str: "text", int: "int" };

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
      case "augment":
        if (node.target.kind !== "name") return refuse();
        return this.#assign([node.target], this.#binary(node.op, node.target, node.value));
      case "try":
        return this.#try(node);
      case "raise":
        // The sandbox tells of errors. What they are made of may bind no names.
        return boundNames([node]).size > 0 ? refuse() : unsure;
      default:
        return refuse();
    }
  }

  /** Handlers are run by the sandbox alone; but the names that they bind are the body's. */
  #try({ body, handlers, orelse, final, ...place }: Try): Statement {
    const tried = sequence([this.block(body), this.block(orelse)]);
    const caught = boundNames([{ ...place, body: [], handlers, orelse: [], final: undefined }]);
    for (const name of caught) this.#slot(name);
    return attempt(tried, final === undefined ? undefined : this.block(final));
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
        if (node.op === "-" && node.operand.kind === "number") {
          const number = wholeNumber(node);
          return () => number;
        }
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
        return reading(node) ?? refuse();
      case "tuple":
      case "list":
        return listOf(node.items.map((item) => this.#expression(item)));
      case "dict": {
        const table = tableOf(node);
        return () => table;
      }
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
    return joined(texts, values, written);
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
      return (_, value) => items.includes(single(value) as string);
    }
    const whole = this.#expression(node);
    return (frame, value) => contains(whole(frame), value);
  }

  #binary(op: string, left: Expr, right: Expr): Step {
    if (op === "%" && left.kind === "string" && left.old === left.value) {
      const items = right.kind === "tuple" ? right.items : [right];
      return percent(left.value, items.map((item) => this.#expression(item)));
    }
    if (op !== "+" && op !== "-" && op !== "*") return refuse();
    const [a, b] = [this.#expression(left), this.#expression(right)];
    if (op === "+") return (frame) => plus(a(frame), b(frame));
    return (frame) => calculated(op, a(frame), b(frame));
  }

  #subscript(node: Subscript): Step {
    const read = reading(node);
    if (read !== undefined) return read;
    const object = this.#expression(node.object);
    if (node.index.kind === "slice") return sliced(object, node.index);
    const at = this.#expression(node.index);
    return (frame) => itemAt(object(frame), at(frame));
  }

  #call({ func, args, keywords }: Call): Step {
    if (keywords.length > 0) return refuse();
    if (func.kind === "name") return this.#functionCall(func.id, args);
    if (func.kind !== "attr") return refuse();
    if (func.name === "get") return this.#get(func.object, args);
    if (func.name === "format") return this.#braces(func.object, args);
    const method = Object.hasOwn(pythonMethods, func.name) ? pythonMethods[func.name] : undefined;
    if (method === undefined) return refuse();
    return method(this.#expression(func.object), args.map((one) => this.#expression(one)));
  }

  #braces(template: Expr, args: readonly Expr[]): Step {
    if (template.kind !== "string" || template.old !== template.value) return refuse();
    return braces(template.value, args.map((one) => this.#expression(one)));
  }

  /** `len(x)`, `str(x)`: names that the body may give another meaning. */
  #functionCall(name: string, [argument, type, ...more]: readonly Expr[]): Step {
    if (argument === undefined || more.length > 0) return refuse();
    if ((type !== undefined) !== (name === "isinstance")) return refuse();
    const value = this.#expression(argument);
    this.#outside(name);
    switch (name) {
      case "str":
        return (frame) => written(value(frame));
      case "int":
        return (frame) => wholeNumberOf(value(frame));
      case "bool":
        return (frame) => isTrue(value(frame));
      case "isinstance": {
        const wanted = type?.kind === "name" ? type.id : refuse();
        const known = Object.hasOwn(types, wanted) ? types[wanted] ?? refuse() : refuse();
        this.#outside(wanted);
        return (frame) => isInstance(value(frame), known);
      }
      case "len":
        return (frame) => {
          const counted = value(frame);
          return typeof counted === "string" ? counted.length : list(counted).length;
        };
      default:
        return refuse();
    }
  }

  /** A name is Python's, all through the body. */
  #outside(name: string): void {
    if ((this.#names.get(name) ?? outside) !== outside) refuse();
    this.#names.set(name, outside);
  }

  /** `record["a"].get("b", fallback)`, `table.get(key, fallback)` */
  #get(object: Expr, [key, fallback, ...more]: readonly Expr[]): Step {
    if (more.length > 0 || key === undefined) return refuse();
    const instead = fallback === undefined ? () => null : this.#expression(fallback);
    return gotten(object, key, instead) ??
      lookedUp(this.#expression(object), this.#expression(key), instead);
  }
}
