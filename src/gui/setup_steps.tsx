/**
 * What the pages of the first setup share: the list of steps, and the section that they set up.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { sourceNamed } from "../config/declared.ts";
import { type Call, goTo, type GuiContext, type Page } from "./context.ts";
import { withQuery } from "./format.ts";
import type { IniFile } from "./ini_file.ts";
import { show } from "./layout.tsx";

/** The steps of the first setup, in their order. */
const steps = [
  { path: "setup", label: "Oomnitza" },
  { path: "setup/source", label: "Source" },
  { path: "setup/mapping", label: "Mapping" },
  { path: "setup/schedule", label: "Schedule" },
] as const;

/** Where a step is: one of {@linkcode steps}. */
export type StepPath = typeof steps[number]["path"];

/** The pages of the steps, which have no link in the navigation. */
export function stepPage(path: StepPath, routes: Page["routes"]): Page {
  const label = steps.find((step) => step.path === path)?.label ?? "";
  return { path, label: `Set up: ${label}`, navigation: "none", routes };
}

/** The address of a step for a section. */
export function stepAddress(path: StepPath | "setup/upload", section: string): string {
  return withQuery(path, { section });
}

function Steps({ path, section }: { path: StepPath; section: string | undefined }) {
  const at = steps.findIndex((step) => step.path === path);
  return (
    <nav aria-label="Steps of the setup">
      <ol class="steps">
        {steps.map((step, index) => (
          <li class={index < at ? "done" : index === at ? "now" : "later"}>
            <span class="step-number" aria-hidden="true">{index < at ? "✓" : index + 1}</span>
            {index < at
              ? (
                <a href={section === undefined ? step.path : stepAddress(step.path, section)}>
                  {step.label}
                </a>
              )
              : index === at
              ? <strong aria-current="step">{step.label}</strong>
              : step.label}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** What a step shows. */
interface StepView {
  readonly path: StepPath;
  readonly file: IniFile;
  readonly section?: string | undefined;
  readonly scripts?: readonly string[];
  readonly children: Child;
}

/** Answers with the page of a step. */
export function showStep(
  c: Call,
  gui: GuiContext,
  { path, file, section, scripts = [], children }: StepView,
): Response | Promise<Response> {
  return show(c, gui, {
    title: "Set up the agent",
    path,
    document: file.document,
    scripts: ["change.js", ...scripts],
    children: (
      <>
        <Steps path={path} section={section} />
        {children}
      </>
    ),
  });
}

/** The section of a source that the address names; nothing when there is none in the file. */
export function namedSection(c: Call, gui: GuiContext, file: IniFile): string | undefined {
  const section = c.req.query("section") ?? "";
  const isThere = file.document.byName.has(section);
  return isThere && sourceNamed(section, gui.sources) !== undefined ? section : undefined;
}

/** Sends the browser to the step that has to be done first. */
export function backToSource(c: Call, gui: GuiContext): Response {
  return goTo(c, gui, "setup/source");
}
