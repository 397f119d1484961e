/**
 * The configuration in which one section counts as enabled, so that its pages can try it.
 *
 * @module
 */
import { checkDocument, withDocument } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { type IniDocument, parseIni } from "../config/ini.ts";
import { editIni, type IniEdit } from "../config/ini_writer.ts";
import type { Config } from "../config/config.ts";
import type { GuiContext } from "./context.ts";
import type { IniFile } from "./ini_file.ts";

/** The file as edits of a form would make it, with the section enabled. */
function enabledDocument(
  file: IniFile,
  section: string,
  edits: readonly IniEdit[] = [],
): IniDocument {
  const own = edits.filter((edit) => edit.kind !== "set" || edit.key !== "enable");
  const enable: IniEdit = { kind: "set", section, key: "enable", value: "True" };
  return parseIni(
    editIni(file.text, section === "oomnitza" ? own : [...own, enable]),
    file.path,
  );
}

/**
 * Checks the file as it is with a section enabled; a section that is not in it is not added.
 *
 * @param edits of a form that is not saved
 */
export function checkEnabled(
  gui: GuiContext,
  file: IniFile,
  section: string,
  edits: readonly IniEdit[] = [],
): Config {
  const isThere = file.document.byName.has(section);
  return checkDocument(gui, isThere ? enabledDocument(file, section, edits) : file.document);
}

/**
 * Does some work with a section, enabled or not, and its secrets. The GUI stays awake meanwhile, and the
 * page of the log shows what the work logs.
 *
 * @param edits of a form, saved or not
 */
export async function withSection<T>(
  gui: GuiContext,
  section: string,
  work: (app: AppContext, config: Config) => Promise<T>,
  edits: readonly IniEdit[] = [],
): Promise<T> {
  using _awake = gui.keepAwake();
  const app: AppContext = { ...gui, log: gui.uploads.log };
  const document = enabledDocument(gui.read(), section, edits);
  return await withDocument(app, document, [section], (config) => work(app, config));
}
