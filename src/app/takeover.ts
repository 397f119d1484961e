/**
 * What the agent makes of a configuration of the Python connector, before it is taken over: which of its
 * sections it understands, and what is warned of. Nothing is read from a source and nothing is sent.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import type { Finding } from "../base/errors.ts";
import type { Environment } from "../base/environment.ts";
import type { Config } from "../config/config.ts";
import { declaredIn, sourceNamed } from "../config/declared.ts";
import { distinctFindings, sortFindings } from "../config/findings.ts";
import type { IniDocument } from "../config/ini.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import { absolutePath, plainPath } from "../config/reading.ts";
import { findCodeFaults } from "./check.ts";
import { checkDocument } from "./configuration.ts";
import type { AppContext } from "./context.ts";

/**
 * What becomes of a section: it is `ready` to run; it has `errors`; it is not enabled (`off`); its source
 * is `unknown` to the agent; or it holds `settings` that are no source's.
 */
export type SectionFate = "ready" | "errors" | "off" | "unknown" | "settings";

/** A section of the file, as the agent understands it. */
export interface TakenSection {
  readonly name: string;
  /** The title of its source; absent when there is none. */
  readonly title: string | undefined;
  readonly fate: SectionFate;
  /** Fields that the ini maps. */
  readonly mappings: number;
  readonly hasFilter: boolean;
}

/** What the agent understands of a file. */
export interface Takeover {
  readonly sections: readonly TakenSection[];
  /** Names of its custom converters. */
  readonly converters: readonly string[];
  /** What is wrong with it, and what is warned of, errors first. */
  readonly findings: readonly Finding[];
}

function chooseFate(
  app: AppContext,
  config: Config,
  faulty: ReadonlySet<string>,
  { name, options }: IniDocument["sections"][number],
): SectionFate {
  const isSource = sourceNamed(name, app.sources) !== undefined;
  if (!isSource) return options.has("enable") ? "unknown" : "settings";
  if (config.disabled.includes(name)) return "off";
  return config.broken.has(name) || faulty.has(name) ? "errors" : "ready";
}

/** Reads what the agent understands of a file, with the filters and converters in it. */
export async function examineTakeover(app: AppContext, document: IniDocument): Promise<Takeover> {
  const config = checkDocument(app, document);
  const { code, findings: faults } = await findCodeFaults(config, config.sections);
  const findings = sortFindings(distinctFindings([
    ...config.findings,
    ...faults,
    ...code.warnings,
    ...code.ambiguities,
  ]));
  const faulty = new Set(
    faults.filter(({ severity }) => severity === "error").flatMap(({ section }) => section ?? []),
  );
  const sections = document.sections.map((section): TakenSection => ({
    name: section.name,
    title: sourceNamed(section.name, app.sources)?.title,
    fate: chooseFate(app, config, faulty, section),
    mappings: [...section.options.keys()].filter((key) => key.startsWith("mapping.")).length,
    hasFilter: section.options.has("recordfilter"),
  }));
  return { sections, converters: config.converters.map(({ name }) => name), findings };
}

/**
 * The edits that keep the paths of a file meaning the same in another folder: those that are relative to
 * its own folder become absolute.
 *
 * @param folder that the file comes from, absolute
 * @param target path that it is written to, absolute
 */
export function keepPaths(
  document: IniDocument,
  { sources, env }: Pick<AppContext, "sources"> & { readonly env: Environment },
  folder: string,
  target: string,
): IniEdit[] {
  if (dirname(target) === folder) return [];
  return document.sections.flatMap(({ name, options }) => {
    const declared = declaredIn(name, sources) ?? {};
    return [...options.values()].flatMap(({ key, rawKey, value }): IniEdit[] => {
      if (declared[key]?.kind !== "path" || value.trim() === "") return [];
      const path = plainPath(value, env);
      const there = resolve(folder, path);
      if (isAbsolute(path) || !existsSync(there)) return [];
      const here = absolutePath(target, { directory: dirname(target), env }, value);
      return here === there ? [] : [{ kind: "set", section: name, key: rawKey, value: there }];
    });
  });
}
