/**
 * Plain JavaScript bodies: those without loops, functions, patterns and whatever else takes an engine.
 *
 * @module
 */

import { childOf, childrenOf, staticKey, type SyntaxNode } from "../syntax_tree.ts";
import { javaScriptMethods } from "./javascript_methods.ts";
import {
  bounded,
  buildPlain,
  digits,
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
  unsure,
} from "./values.ts";

/** Keys under which a record has more than what the source gave it. */
const ownKeys = new Set(["__proto__", "get", "hasOwnProperty", "toString", "toJSON"]);

/** Names that mean something before the body declares anything. */
const knownNames = ["record", "field", "value", "params", "arguments", "undefined"];

/** Makes a plain body of a parsed one; undefined when it is not plain. */
export function plainJavaScript(program: SyntaxNode): PlainBody | undefined {
  return buildPlain(() => {
    const builder = new Builder();
    const run = builder.block(childrenOf(program, "body"), new Map([["value", 0]]));
    return { run, slots: builder.slots };
  });
}

/** The slots of the names in sight. */
type Names = Map<string, number>;

class Builder {
  slots = 1;
  #parts = 0;
  readonly #declared = new Set(knownNames);
  readonly #constants = new Set<string>(["value"]);

  block(statements: readonly SyntaxNode[], outer: Names): Statement {
    const names: Names = new Map(outer);
    return sequence(statements.map((statement) => this.#statement(statement, names)));
  }

  #statement(node: SyntaxNode, names: Names): Statement {
    switch (node.type) {
      case "BlockStatement":
        return this.block(childrenOf(node, "body"), names);
      case "EmptyStatement":
        return () => goesOn;
      case "ReturnStatement": {
        const argument = childOf(node, "argument");
        return argument === undefined ? () => undefined : this.#expression(argument, names);
      }
      case "IfStatement": {
        const test = this.#child(node, "test", names);
        const yes = this.#branch(node, "consequent", names);
        const no = this.#branch(node, "alternate", names);
        return (frame) => test(frame) ? yes(frame) : no(frame);
      }
      case "VariableDeclaration":
        if (node["kind"] === "var") refuse();
        return sequence(
          childrenOf(node, "declarations").map((one) =>
            this.#declaration(one, names, node["kind"] === "const")
          ),
        );
      case "ExpressionStatement":
        return this.#expressionStatement(node, names);
      default:
        return refuse();
    }
  }

  #branch(node: SyntaxNode, key: string, names: Names): Statement {
    const branch = childOf(node, key);
    return branch === undefined ? () => goesOn : this.block([branch], names);
  }

  #expressionStatement(node: SyntaxNode, names: Names): Statement {
    const inner = childOf(node, "expression");
    if (node["directive"] !== undefined) return () => goesOn;
    const left = inner?.type === "AssignmentExpression" ? childOf(inner, "left") : undefined;
    if (inner === undefined || inner["operator"] !== "=" || left?.type !== "Identifier") refuse();
    const name = String(left["name"]);
    const slot = names.get(name);
    if (slot === undefined || this.#constants.has(name)) return refuse();
    return assignment(slot, this.#child(inner, "right", names));
  }

  #declaration(node: SyntaxNode, names: Names, isConstant: boolean): Statement {
    const id = childOf(node, "id");
    const init = childOf(node, "init");
    const value = init === undefined ? () => undefined : this.#expression(init, names);
    if (id?.type === "Identifier") return assignment(this.#declare(id, names, isConstant), value);
    if (id?.type !== "ArrayPattern" || init === undefined) return refuse();
    const elements = id["elements"] as readonly (SyntaxNode | null)[];
    const slots = elements.map((element) =>
      element?.type === "Identifier" ? this.#declare(element, names, isConstant) : refuse()
    );
    return (frame) => {
      const parts = list(value(frame));
      slots.forEach((slot, at) => frame.slots[slot] = parts[at]);
      return goesOn;
    };
  }

  /** Each name is declared once: so a name always means what was declared before it. */
  #declare(id: SyntaxNode, names: Names, isConstant: boolean): number {
    const name = String(id["name"]);
    if (this.#declared.has(name)) refuse();
    this.#declared.add(name);
    if (isConstant) this.#constants.add(name);
    names.set(name, this.slots);
    return this.slots++;
  }

  #child(node: SyntaxNode, key: string, names: Names): Step {
    const child = childOf(node, key);
    return child === undefined ? refuse() : this.#expression(child, names);
  }

  #expression(node: SyntaxNode, names: Names): Step {
    if (++this.#parts > mostParts) refuse();
    switch (node.type) {
      case "Literal":
        return literal(node["value"]);
      case "Identifier":
        return this.#name(String(node["name"]), names);
      case "TemplateLiteral":
        return this.#template(node, names);
      case "ConditionalExpression": {
        const test = this.#child(node, "test", names);
        const yes = this.#child(node, "consequent", names);
        const no = this.#child(node, "alternate", names);
        return (frame) => test(frame) ? yes(frame) : no(frame);
      }
      case "LogicalExpression":
        return this.#logical(node, names);
      case "UnaryExpression":
        return this.#unary(node, names);
      case "BinaryExpression":
        return this.#binary(node, names);
      case "MemberExpression":
        return this.#member(node, names);
      case "CallExpression":
        return this.#call(node, names);
      case "ChainExpression":
        return this.#optionalCall(node, names);
      default:
        return refuse();
    }
  }

  #name(name: string, names: Names): Step {
    if (name === "undefined") return () => undefined;
    const slot = names.get(name) ?? refuse();
    return (frame) => frame.slots[slot];
  }

  #template(node: SyntaxNode, names: Names): Step {
    const texts = childrenOf(node, "quasis").map(({ value }) =>
      (value as { readonly cooked: string }).cooked
    );
    const values = childrenOf(node, "expressions").map((one) => this.#expression(one, names));
    return joined(texts, values, written);
  }

  #logical(node: SyntaxNode, names: Names): Step {
    const left = this.#child(node, "left", names);
    const right = this.#child(node, "right", names);
    switch (node["operator"]) {
      case "&&":
        return (frame) => left(frame) && right(frame);
      case "||":
        return (frame) => left(frame) || right(frame);
      default:
        return (frame) => left(frame) ?? right(frame);
    }
  }

  #unary(node: SyntaxNode, names: Names): Step {
    const argument = this.#child(node, "argument", names);
    if (node["operator"] === "!") return (frame) => !argument(frame);
    if (node["operator"] === "typeof") return (frame) => typeof argument(frame);
    return refuse();
  }

  #binary(node: SyntaxNode, names: Names): Step {
    const operator = String(node["operator"]);
    const left = this.#child(node, "left", names);
    const right = this.#child(node, "right", names);
    switch (operator) {
      case "===":
        return (frame) => left(frame) === comparable(right(frame));
      case "!==":
        return (frame) => left(frame) !== comparable(right(frame));
      case "<":
      case "<=":
      case ">":
      case ">=":
        return (frame) => ordered(operator, left(frame), right(frame));
      case "+":
        return (frame) => plus(left(frame), right(frame));
      default:
        return refuse();
    }
  }

  /** `record.a["b"]`; `parts[0]`; `text.length`. */
  #member(node: SyntaxNode, names: Names): Step {
    const path = recordPath(node);
    if (path !== undefined) return ({ record }) => readPath(record, path, () => null);
    if (node["optional"] === true) refuse();
    const object = this.#child(node, "object", names);
    const property = childOf(node, "property");
    if (staticKey(property, node["computed"]) === "length") {
      return (frame) => {
        const value = object(frame);
        return typeof value === "string" ? value.length : list(value).length;
      };
    }
    const at = property?.type === "Literal" ? property["value"] : undefined;
    if (typeof at !== "number" || !Number.isSafeInteger(at)) return refuse();
    return (frame) => {
      const value = object(frame);
      return typeof value === "string" ? value[at] : list(value)[at];
    };
  }

  #call(node: SyntaxNode, names: Names): Step {
    const callee = calleeOf(node);
    if (callee["optional"] === true) return refuse();
    if (staticKey(callee["property"], false) !== "get") {
      return this.#methodCall(node, callee, this.#child(callee, "object", names), names);
    }
    const args = node["arguments"] as readonly SyntaxNode[];
    return get(callee, args, args.map((argument) => this.#expression(argument, names)));
  }

  /** `record.name?.trim()`: undefined where there is no object. */
  #optionalCall(node: SyntaxNode, names: Names): Step {
    const call = childOf(node, "expression");
    if (call?.type !== "CallExpression") return refuse();
    const callee = calleeOf(call);
    if (callee["optional"] !== true) return refuse();
    const object = this.#child(callee, "object", names);
    let found: Plain;
    const run = this.#methodCall(call, callee, () => found, names);
    return (frame) => {
      const value = object(frame);
      if (value === null || value === undefined) return undefined;
      found = value;
      return run(frame);
    };
  }

  #methodCall(node: SyntaxNode, callee: SyntaxNode, object: Step, names: Names): Step {
    const name = staticKey(callee["property"], false) ?? refuse();
    const method = Object.hasOwn(javaScriptMethods, name) ? javaScriptMethods[name] : undefined;
    if (method === undefined) return refuse();
    const args = node["arguments"] as readonly SyntaxNode[];
    return method(object, args.map((argument) => this.#expression(argument, names)));
  }
}

/** What a call calls: a method by its name. */
function calleeOf(node: SyntaxNode): SyntaxNode {
  const callee = childOf(node, "callee");
  if (callee?.type !== "MemberExpression" || callee["computed"] === true) return refuse();
  return node["optional"] === true ? refuse() : callee;
}

/** `record.get("a", fallback)`, also of what is in the record. */
function get(callee: SyntaxNode, args: readonly SyntaxNode[], given: readonly Step[]): Step {
  const path = recordPath(childOf(callee, "object"));
  const [key] = args;
  const [, fallback = () => null] = given;
  if (path === undefined || args.length > 2 || typeof key?.["value"] !== "string") return refuse();
  if (ownKeys.has(key["value"])) return refuse();
  const whole = [...path, key["value"]];
  return (frame) =>
    readPath(frame.record, whole, () => {
      const instead = fallback(frame);
      // Whether that is null depends on what is missing: the object or its key.
      return instead === undefined && path.length > 0 ? unsure() : instead;
    });
}

/** The keys of `record.a["b"]`; none for the record itself. */
function recordPath(node: SyntaxNode | undefined): readonly string[] | undefined {
  if (node?.type === "Identifier") return node["name"] === "record" ? [] : undefined;
  if (node?.type !== "MemberExpression" || node["optional"] === true) return undefined;
  const before = recordPath(childOf(node, "object"));
  const key = staticKey(node["property"], node["computed"]);
  if (before === undefined || key === undefined || ownKeys.has(key)) return undefined;
  return [...before, key];
}

function literal(value: unknown): Step {
  const isPlain = value === null || typeof value === "boolean" ||
    (typeof value === "string" && isOrdinary(value)) ||
    (typeof value === "number" && Number.isSafeInteger(value));
  if (!isPlain) return refuse();
  return () => value;
}

function assignment(slot: number, value: Step): Statement {
  return (frame) => {
    frame.slots[slot] = value(frame);
    return goesOn;
  };
}

/** One of them has to be a text: numbers would be added up. */
function plus(a: Plain, b: Plain): Plain {
  if (typeof a === "string") return bounded(a + (typeof b === "string" ? b : written(b)));
  return typeof b === "string" ? bounded(written(a) + b) : unsure();
}

/** What a text becomes of beside another one. */
function written(value: Plain): string {
  if (typeof value === "number") return digits(value);
  return typeof value === "object" && value !== null ? unsure() : String(value);
}

/** Lists are equal to themselves alone, and plain bodies do not know which those are. */
function comparable(value: Plain): Plain {
  return typeof value === "object" && value !== null ? unsure() : value;
}
