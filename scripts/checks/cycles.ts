/**
 * Finds files that import each other in a circle, by values or by types.
 *
 * @module
 */
import { posix } from "node:path";
import { readImport } from "./imports.ts";
import { allNodes, type SourceFile, type Violation } from "./source_file.ts";

/** An import of another file of ours. */
interface Edge {
  readonly target: string;
  readonly line: number;
}

type Graph = ReadonlyMap<string, readonly Edge[]>;

/** One violation for each group of files that all lead to each other, with the shortest circle in it. */
export function findCycles(files: readonly SourceFile[]): Violation[] {
  const graph: Graph = new Map(files.map((file) => [file.path, edgesOf(file)]));
  return groupsIn(graph).flatMap((group) => {
    const circle = shortestCircle(graph, group);
    const [first = "", second = first] = circle;
    const line = graph.get(first)?.find(({ target }) => target === second)?.line ?? 1;
    const size = group.size === circle.length ? "" : ` (${group.size} files are in it)`;
    const message = `${[...circle, first].join(" → ")}${size}. ` +
      "Move what both need into a file of its own, or pass it in.";
    return [{ file: first, line, rule: "layers/cycle", message }];
  });
}

function edgesOf(file: SourceFile): Edge[] {
  return [...allNodes(file.program)]
    .flatMap((found) => readImport(file, found))
    .flatMap(({ specifier = "", line }) =>
      specifier.startsWith(".")
        ? [{ target: posix.join(posix.dirname(file.path), specifier), line }]
        : []
    );
}

/** The strongly connected groups of more than one file, or of one that imports itself; Tarjan's algorithm. */
function groupsIn(graph: Graph): ReadonlySet<string>[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const groups: Set<string>[] = [];
  function visit(path: string): void {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    open.push(path);
    const targets = graph.get(path)?.map(({ target }) => target) ?? [];
    for (const target of targets.filter((each) => graph.has(each))) {
      if (!order.has(target)) visit(target);
      else if (!open.includes(target)) continue;
      lowest.set(path, Math.min(lowest.get(path) ?? 0, lowest.get(target) ?? 0));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = new Set(open.splice(open.indexOf(path)));
    if (group.size > 1 || targets.includes(path)) groups.push(group);
  }
  for (const path of graph.keys()) if (!order.has(path)) visit(path);
  return groups;
}

/** The shortest way from a file of the group back to itself. */
function shortestCircle(graph: Graph, group: ReadonlySet<string>): string[] {
  const circles = [...group].sort().map((start) => {
    const cameFrom = new Map<string, string>();
    const queue = [start];
    for (const path of queue) {
      for (const { target } of graph.get(path) ?? []) {
        if (target === start) return wayTo(path, cameFrom);
        if (!group.has(target) || cameFrom.has(target)) continue;
        cameFrom.set(target, path);
        queue.push(target);
      }
    }
    return [];
  });
  return circles.reduce((best, circle) => circle.length < best.length ? circle : best);
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [end];
  for (let at = cameFrom.get(end); at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}
