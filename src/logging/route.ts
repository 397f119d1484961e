/**
 * Decides which handlers get a line: the hierarchy of loggers, as in Python's `logging`.
 *
 * @module
 */

import type { LogSink } from "./log.ts";
import type { LoggerSettings } from "./dict_config.ts";
import { levelNumbers } from "./format.ts";

/** A handler that is ready to write. */
export interface Handler {
  /** Level number below which it drops lines. */
  readonly level: number;
  readonly write: LogSink;
}

/** The loggers of a configuration, with their handlers. */
export interface Routing {
  readonly handlers: ReadonlyMap<string, Handler>;
  /** By dotted name, without the root. */
  readonly loggers: ReadonlyMap<string, LoggerSettings>;
  readonly root: LoggerSettings;
  /** Takes what no handler is responsible for, from WARNING up. */
  readonly lastResort: LogSink;
}

interface Route {
  /** Level number below which the logger drops lines. */
  readonly level: number;
  readonly handlers: readonly Handler[];
}

/** What Python's root logger lets through by default. */
const defaultLevel = levelNumbers.warning;

/** The configured loggers from the named one up to the root: `a.b` looks at a.b, a, root. */
function ancestry(name: string, { loggers, root }: Routing): LoggerSettings[] {
  const chain: LoggerSettings[] = [];
  for (let at = name; at !== "";) {
    const settings = loggers.get(at);
    if (settings !== undefined) chain.push(settings);
    const dot = at.lastIndexOf(".");
    at = dot < 0 ? "" : at.slice(0, dot);
  }
  return [...chain, root];
}

function findRoute(name: string, routing: Routing): Route {
  const chain = ancestry(name, routing);
  const handlers: Handler[] = [];
  for (const settings of chain) {
    handlers.push(...settings.handlers.flatMap((id) => routing.handlers.get(id) ?? []));
    if (!settings.propagate) break;
  }
  const decided = chain.find(({ level }) => level !== undefined && level !== 0);
  const level = decided?.level ?? routing.root.level ?? defaultLevel;
  // Python's handler of last resort: an error is not lost because nobody cares for it.
  const lastResort = { level: levelNumbers.warning, write: routing.lastResort };
  return { level, handlers: handlers.length === 0 ? [lastResort] : handlers };
}

/**
 * A sink that hands each line to the handlers of its logger and, as far as it propagates, of its
 * parents; a handler that is listed twice on this way writes the line twice.
 */
export function createRouter(routing: Routing): LogSink {
  const routes = new Map<string, Route>();
  return (entry) => {
    let route = routes.get(entry.name);
    if (route === undefined) routes.set(entry.name, route = findRoute(entry.name, routing));
    const level = levelNumbers[entry.level];
    if (level < route.level) return;
    for (const handler of route.handlers) {
      if (level >= handler.level) handler.write(entry);
    }
  };
}
