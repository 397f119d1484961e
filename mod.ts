/**
 * The agent as a library: what a source or a converter of one's own is written with.
 *
 * Run directly, it is the program.
 *
 * @example
 * ```ts
 * import { defineSource, opt } from "@oomnitza/agent";
 *
 * export const laptops = defineSource({
 *   name: "laptops",
 *   title: "Laptops",
 *   kind: "assets",
 *   summary: "Laptops from a list.",
 *   mappingName: "Laptops",
 *   options: { prefix: opt.text("Beginning of the tags.", { default: "" }) },
 *   mappings: {},
 *   async *records({ options }) {
 *     yield { tag: `${options.prefix}1` };
 *   },
 * });
 * ```
 *
 * @module
 */

export * from "./src/sdk/mod.ts";

if (import.meta.main) await import("./src/cli/main.ts");
