/**
 * Which partitions of MobileIron Cloud a section names.
 *
 * @module
 */

import { z } from "zod";
import { parseJson } from "../../sdk/mod.ts";

/** A partition as MobileIron Cloud lists it. */
export interface Partition {
  readonly id: number | bigint | string;
  readonly name: string;
}

/** The named partitions, and the names that none has. */
export interface Choice {
  readonly found: readonly Partition[];
  readonly unknown: readonly string[];
}

const names = z.array(z.string());

/**
 * Reads the option: a JSON list of names, names separated by commas, or `All`.
 *
 * @returns the names, or `"all"`; nothing when what begins like a list is none.
 */
export function readPartitions(text: string): readonly string[] | "all" | undefined {
  const trimmed = text.trim();
  if (trimmed === "All" || trimmed === '"All"') return "all";
  if (!trimmed.startsWith("[")) {
    return trimmed.split(",").map((name) => name.trim()).filter(Boolean);
  }
  return parseJson(trimmed, names);
}

/** Finds partitions by name: exactly, else in any case. */
export function choosePartitions(
  partitions: readonly Partition[],
  requested: readonly string[] | "all",
): Choice {
  if (requested === "all") return { found: partitions, unknown: [] };
  const found = new Set<Partition>();
  const unknown: string[] = [];
  for (const name of requested) {
    const lower = name.toLowerCase();
    const partition = partitions.find((one) => one.name === name) ??
      partitions.find((one) => one.name.toLowerCase() === lower);
    if (partition === undefined) unknown.push(name);
    else found.add(partition);
  }
  return { found: [...found], unknown };
}
