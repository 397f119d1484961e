/**
 * Plain JavaScript bodies: those without loops, functions, patterns and whatever else takes an engine.
 *
 * @module
 */

import { childOf, childrenOf, staticKey, type SyntaxNode, walk } from "../syntax_tree.ts";
import { javaScriptMethods } from "./javascript_methods.ts";
import { chain, get, recordPath } from "./javascript_paths.ts";
import {
  convertedBy,
  isLooselyEqual,
  literal,
  memberOf,
  plus,
  tableOf,
  written,
} from "./javascript_values.ts";
import {
  attempt,
  buildPlain,
  calculated,
  goesOn,
  joined,
  list,
  listOf,
  mostParts,
  ordered,
  type Plain,
  type PlainBody,
  readPath,
  refuse,
  sequence,
  single,
  type Statement,
  type Step,
  unsure,
} from "./values.ts";

/** Names that mean something before the body declares anything. */
const knownNames = ["record", "field", "value", "params", "arguments", "undefined"]
  .concat(Object.keys(convertedBy));

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
      case "TryStatement":
        return this.#try(node, names);
      case "ThrowStatement":
        // The sandbox tells of errors.
        return unsure;
      default:
        return refuse();
    }
  }

  /** What catches errors is run by the sandbox alone, and declares nothing for the rest of the body. */
  #try(node: SyntaxNode, names: Names): Statement {
    const handler = childOf(node, "handler");
    if (handler !== undefined) {
      walk(handler, (inner) => inner["kind"] === "var" ? refuse() : undefined);
    }
    const last = childOf(node, "finalizer");
    return attempt(
      this.#branch(node, "block", names),
      last === undefined ? undefined : this.block([last], names),
    );
  }

  #branch(node: SyntaxNode, key: string, names: Names): Statement {
    const branch = childOf(node, key);
    return branch === undefined ? () => goesOn : this.block([branch], names);
  }

  #expressionStatement(node: SyntaxNode, names: Names): Statement {
    const inner = childOf(node, "expression");
    if (node["directive"] !== undefined) return () => goesOn;
    const left = inner?.type === "AssignmentExpression" ? childOf(inner, "left") : undefined;
    if (inner === undefined || left?.type !== "Identifier") refuse();
    const name = String(left["name"]);
    const slot = names.get(name);
    if (slot === undefined || this.#constants.has(name)) return refuse();
    const value = this.#child(inner, "right", names);
    if (inner["operator"] === "=") return assignment(slot, value);
    if (inner["operator"] !== "+=") return refuse();
    return assignment(slot, (frame) => plus(frame.slots[slot], value(frame)));
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
        return literal(node);
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
        return chain(childOf(node, "expression")) ?? this.#optionalCall(node, names);
      case "ArrayExpression": {
        const elements = node["elements"] as readonly (SyntaxNode | null)[];
        return listOf(elements.map((one) => this.#expression(one ?? refuse(), names)));
      }
      case "ObjectExpression": {
        const table = tableOf(node);
        return () => table;
      }
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
        // Lists are equal to themselves alone, and plain bodies do not know which those are.
        return (frame) => left(frame) === single(right(frame));
      case "!==":
        return (frame) => left(frame) !== single(right(frame));
      case "==":
      case "!=":
        return (frame) => isLooselyEqual(left(frame), right(frame)) === (operator === "==");
      case "<":
      case "<=":
      case ">":
      case ">=":
        return (frame) => ordered(operator, left(frame), right(frame));
      case "+":
        return (frame) => plus(left(frame), right(frame));
      case "-":
      case "*":
        return (frame) => calculated(operator, left(frame), right(frame));
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
    const key = staticKey(property, node["computed"]);
    if (key === "length") {
      return (frame) => {
        const value = object(frame);
        return typeof value === "string" ? value.length : list(value).length;
      };
    }
    const at = key === undefined ? this.#child(node, "property", names) : () => key;
    return (frame) => memberOf(object(frame), at(frame));
  }

  #call(node: SyntaxNode, names: Names): Step {
    const called = childOf(node, "callee");
    if (called?.type === "Identifier") {
      return this.#functionCall(node, String(called["name"]), names);
    }
    const callee = calleeOf(node);
    if (callee["optional"] === true) return refuse();
    if (staticKey(callee["property"], false) !== "get") {
      return this.#methodCall(node, callee, this.#child(callee, "object", names), names);
    }
    const args = node["arguments"] as readonly SyntaxNode[];
    return get(callee, args, args.map((argument) => this.#expression(argument, names)));
  }

  /** `String(x)`, `parseInt(x, 10)`: names that no plain body gives another meaning. */
  #functionCall(node: SyntaxNode, name: string, names: Names): Step {
    const [argument, base, ...more] = node["arguments"] as readonly SyntaxNode[];
    const convert = Object.hasOwn(convertedBy, name) ? convertedBy[name] : undefined;
    if (convert === undefined || argument === undefined || more.length > 0) return refuse();
    if (node["optional"] === true) return refuse();
    if (base !== undefined && (name !== "parseInt" || base["value"] !== 10)) return refuse();
    const value = this.#expression(argument, names);
    return (frame) => convert(value(frame));
  }

  /** `record.name?.trim()`: undefined where there is no object. */
  #optionalCall(node: SyntaxNode, names: Names): Step {
    const call = childOf(node, "expression");
    if (call?.type !== "CallExpression") return refuse();
    const callee = calleeOf(call);
    if (callee["optional"] !== true) return refuse();
    const object = chain(childOf(callee, "object")) ?? this.#child(callee, "object", names);
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

function assignment(slot: number, value: Step): Statement {
  return (frame) => {
    frame.slots[slot] = value(frame);
    return goesOn;
  };
}
