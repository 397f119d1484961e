/**
 * Style and scripts of the GUI, embedded into the program.
 *
 * @module
 */
import changeScript from "./assets/change.js" with { type: "text" };
import codeScript from "./assets/code.js" with { type: "text" };
import editorScript from "./assets/editor.bundle" with { type: "text" };
import chooseAllScript from "./assets/choose_all.js" with { type: "text" };
import filterScript from "./assets/filter.js" with { type: "text" };
import frameScript from "./assets/frame.js" with { type: "text" };
import setupScript from "./assets/setup.js" with { type: "text" };
import liveScript from "./assets/live.js" with { type: "text" };
import mappingFormScript from "./assets/mapping_form.mjs" with { type: "text" };
import mappingListScript from "./assets/mapping_list.mjs" with { type: "text" };
import mappingRequestsScript from "./assets/mapping_requests.mjs" with { type: "text" };
import mappingRowsScript from "./assets/mapping_rows.mjs" with { type: "text" };
import mappingStyle from "./assets/mapping.css" with { type: "text" };
import mappingsScript from "./assets/mappings.mjs" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };

/** A file that pages load. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

const script = "text/javascript; charset=utf-8";

/** Every asset by its name under `assets/`. */
export const assets: ReadonlyMap<string, Asset> = new Map([
  ["style.css", { type: "text/css; charset=utf-8", text: style }],
  // With the type text, the value is the text, whatever a type checker takes a script for.
  ["change.js", { type: script, text: changeScript as unknown as string }],
  ["code.js", { type: script, text: codeScript as unknown as string }],
  ["editor.js", { type: script, text: editorScript }],
  ["choose_all.js", { type: script, text: chooseAllScript as unknown as string }],
  ["filter.js", { type: script, text: filterScript as unknown as string }],
  ["frame.js", { type: script, text: frameScript as unknown as string }],
  ["setup.js", { type: script, text: setupScript as unknown as string }],
  ["mapping.css", { type: "text/css; charset=utf-8", text: mappingStyle }],
  ["mapping_form.mjs", { type: script, text: mappingFormScript as unknown as string }],
  ["mapping_list.mjs", { type: script, text: mappingListScript as unknown as string }],
  ["mapping_requests.mjs", { type: script, text: mappingRequestsScript as unknown as string }],
  ["mapping_rows.mjs", { type: script, text: mappingRowsScript as unknown as string }],
  ["mappings.mjs", { type: script, text: mappingsScript as unknown as string }],
  ["live.js", { type: script, text: liveScript as unknown as string }],
]);
