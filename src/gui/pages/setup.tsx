/**
 * The first step of the setup: where the records go. It is tried before it is saved.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { testConnection } from "../connection.ts";
import type { GuiContext } from "../context.ts";
import { FieldGroups } from "../field_groups.tsx";
import type { IniFile } from "../ini_file.ts";
import { answerChange } from "../saving.tsx";
import { filledFields, formEdits } from "../section_form.ts";
import { showStep, stepPage } from "../setup_steps.tsx";

const section = "oomnitza";

/** The step of `[oomnitza]`. */
export const setupPage = stepPage("setup", (app, gui) => {
  app.get("/setup", (c) => {
    const file = gui.read();
    return showStep(c, gui, { path: "setup", file, children: <Step gui={gui} file={file} /> });
  });
  app.post("/setup", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const edits = (file: IniFile) => formEdits(gui, file, section, form);
    if (form.get("confirmed") !== "yes") {
      const tried = await testConnection(gui, section, edits(gui.read()));
      if (!tried.ok) return c.json(tried);
    }
    return answerChange(c, gui, form, { section, edits, next: "setup/source", goesOn: true });
  });
});

function Step({ gui, file }: { gui: GuiContext; file: IniFile }) {
  return (
    <form method="post" action="setup" data-change>
      <input type="hidden" name="revision" value={file.revision} />
      <p class="lead">
        The address of your Oomnitza instance, and an API token, or the name and password of an
        account. They are tried before they are saved.
      </p>
      <FieldGroups fields={filledFields(gui, file, section)} findings={[]} />
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Try and continue</button>
        <a href="takeover">I have a config.ini of the Python connector</a>
      </div>
    </form>
  );
}
