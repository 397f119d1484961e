/**
 * The frame around every page: head, navigation, and the button to stop.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { isSectionEnabled } from "../config/enabled.ts";
import type { IniDocument } from "../config/ini.ts";
import {
  type Call,
  type GuiContext,
  type NavigationGroup,
  type Page,
  sectionPath,
} from "./context.ts";
import { sourceNamed } from "../config/declared.ts";

/** What a page is to show. */
export interface View {
  /** Shown as the heading and in the title of the window. */
  readonly title: string;
  /** Path of the page, or of the section's tab: `Page.path`. */
  readonly path: string;
  /** The section that the page is about. */
  readonly section?: string | undefined;
  /** The configuration file as the page shows it. */
  readonly document: IniDocument;
  /**
   * Scripts of the page, by their names in {@linkcode assets}, modules as `.mjs`; `frame.js` is always
   * there.
   */
  readonly scripts?: readonly string[];
  /** Style sheets of the page beside `style.css`. */
  readonly styles?: readonly string[];
  readonly status?: 200 | 400 | 404 | 409 | 500 | undefined;
  readonly children: Child;
}

/** Answers with a page. */
export function show(c: Call, gui: GuiContext, view: View): Response | Promise<Response> {
  const html = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <base href={gui.base} />
        <title>{`${view.title} · Oomnitza agent`}</title>
        <link rel="icon" href="data:," />
        {["style.css", ...view.styles ?? []].map((name) => (
          <link rel="stylesheet" href={`assets/${name}`} />
        ))}
        {["frame.js", ...view.scripts ?? []].map((name) => (
          <script
            src={`assets/${name}`}
            defer
            {...(name.endsWith(".mjs") ? { type: "module" } : {})}
          >
          </script>
        ))}
      </head>
      <body>
        <a class="skip" href={`${c.req.path}#main`}>Skip to the content</a>
        <Head gui={gui} />
        <div class="columns">
          <Navigation gui={gui} view={view} />
          <main id="main" tabindex={-1}>
            <h1>{view.title}</h1>
            <Tabs gui={gui} view={view} />
            {view.children}
          </main>
        </div>
        {view.scripts?.includes("change.js") === true ? <Review /> : null}
      </body>
    </html>
  );
  return c.html(`<!doctype html>${html}`, view.status ?? 200);
}

/** The dialog in which `change.js` shows what would be saved. */
function Review() {
  return (
    <dialog id="review" aria-labelledby="review-title">
      <form method="dialog">
        <h2 id="review-title">Save this change?</h2>
        <p class="notice warning" data-warnings hidden></p>
        <div data-difference></div>
        <p class="note">Everything else in the file stays as it is. A backup is kept beside it.</p>
        <div class="actions">
          <button type="submit" value="save">Save</button>
          <button type="submit" value="cancel" class="quiet">Cancel</button>
        </div>
      </form>
    </dialog>
  );
}

function Head({ gui }: { gui: GuiContext }) {
  return (
    <header class="head">
      <button
        type="button"
        class="menu"
        id="menu"
        aria-expanded="false"
        aria-controls="navigation"
      >
        Menu
      </button>
      <p class="name">Oomnitza agent</p>
      <p class="file" title="The configuration file">{gui.ini}</p>
      <form method="post" action="stop">
        <button type="submit" class="quiet">Stop the GUI</button>
      </form>
    </header>
  );
}

function Current({ to, isCurrent, children }: { to: string; isCurrent: boolean; children: Child }) {
  return <a href={to} {...(isCurrent ? { "aria-current": "page" } : {})}>{children}</a>;
}

/** Pages of sections that are no source's, among the others of their group. */
const ownLinks = [
  { section: "oomnitza", label: "Oomnitza" },
  { section: "serve", label: "Webhook listener" },
  { section: "alerts", label: "Alerts" },
  { section: "state", label: "State" },
] as const;

const groupTitles = { work: undefined, settings: "Settings", machine: "This machine" } as const;

function Group({ gui, view, group }: { gui: GuiContext; view: View; group: NavigationGroup }) {
  const pages = gui.pages.filter((page) =>
    page.navigation === "main" && (page.group ?? "work") === group
  );
  const title = groupTitles[group];
  return (
    <>
      {title === undefined ? null : <h2 id={`navigation-${group}`}>{title}</h2>}
      <ul {...title === undefined ? {} : { "aria-labelledby": `navigation-${group}` }}>
        {group !== "settings" ? null : ownLinks.map(({ section, label }) => (
          <li>
            <Current to={sectionPath(section)} isCurrent={view.section === section}>
              {label}
            </Current>
          </li>
        ))}
        {pages.map(({ path, label }) => (
          <li>
            <Current
              to={path === "" ? gui.base : path}
              isCurrent={view.section === undefined && view.path === path}
            >
              {label}
            </Current>
          </li>
        ))}
      </ul>
    </>
  );
}

function Navigation({ gui, view }: { gui: GuiContext; view: View }) {
  const sections = view.document.sections.filter(({ name }) =>
    sourceNamed(name, gui.sources) !== undefined
  );
  return (
    <nav id="navigation" aria-label="Pages and sections">
      <Group gui={gui} view={view} group="work" />
      <Group gui={gui} view={view} group="settings" />
      <Group gui={gui} view={view} group="machine" />
      {sections.length === 0 ? null : <h2 id="sections">Sections</h2>}
      {sections.length === 0 ? null : (
        <ul aria-labelledby="sections">
          {sections.map(({ name }) => (
            <li>
              <Current to={sectionPath(name)} isCurrent={view.section === name}>
                <Mark isOn={isSectionEnabled(view.document, name, gui.env)} /> {name}
              </Current>
            </li>
          ))}
        </ul>
      )}
    </nav>
  );
}

/** A sign that distinguishes enabled sections from others, with its word for screen readers. */
export function Mark({ isOn }: { isOn: boolean }) {
  return (
    <span class={isOn ? "mark on" : "mark"}>
      <span class="heard">{isOn ? "enabled: " : "not enabled: "}</span>
    </span>
  );
}

function sectionTabs(gui: GuiContext, section: string): readonly Page[] {
  if (sourceNamed(section, gui.sources) === undefined) return [];
  return gui.pages.filter(({ navigation }) => navigation === "section");
}

function Tabs({ gui, view }: { gui: GuiContext; view: View }) {
  const { section } = view;
  if (section === undefined) return null;
  const tabs = sectionTabs(gui, section);
  if (tabs.length < 2) return null;
  return (
    <nav class="tabs" aria-label={`Pages of ${section}`}>
      {tabs.map(({ path, label }) => (
        <Current to={sectionPath(section, path)} isCurrent={path === view.path}>{label}</Current>
      ))}
    </nav>
  );
}
