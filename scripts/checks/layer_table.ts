/**
 * Who may import whom and who owns what, as data.
 *
 * @module
 */

/** A room: code that may speak freely within itself. */
export interface Room {
  /** `src/sync`, `src/sources/okta`, `converters/split.ts`. */
  readonly name: string;
  /** Imports go to lower levels only. */
  readonly level: number;
  /** A source or converter sees the sdk and nothing else. */
  readonly guest: boolean;
}

/** The only files that may use something. */
export interface Owner {
  /** How a message names what is owned. */
  readonly what: string;
  /** Owned packages: these themselves and everything below them. */
  readonly packages: readonly string[];
  /** Where they may be used: paths or beginnings of paths. */
  readonly files: readonly string[];
}

const levels: Readonly<Record<string, number>> = {
  base: 0,
  python: 0,
  runtime: 1,
  logging: 1,
  sdk: 2,
  settings: 3,
  sources: 4,
  secrets: 4,
  oomnitza: 4,
  state: 4,
  sandbox: 5,
  transform: 6,
  config: 5,
  describe: 5,
  sync: 7,
  os_service: 6,
  release: 6,
  doctor: 8,
  app: 9,
  daemon: 10,
  gui: 10,
  stand_in: 10,
  cli: 11,
};
const guestLevel = 4;

/** Packages with a single owner. */
export const packageOwners: readonly Owner[] = [
  { what: "Bun", packages: ["bun"], files: ["src/runtime/"] },
  { what: "hono", packages: ["hono"], files: ["src/daemon/", "src/gui/", "src/stand_in/"] },
  { what: "CodeMirror", packages: ["@codemirror", "@lezer"], files: ["src/gui/editor/"] },
  {
    what: "QuickJS",
    packages: ["quickjs-emscripten", "quickjs-emscripten-core", "@jitl", "acorn"],
    files: ["src/sandbox/"],
  },
  { what: "ldapts", packages: ["ldapts"], files: ["src/sdk/ldap/"] },
  { what: "tedious", packages: ["tedious"], files: ["src/sdk/sql/"] },
  { what: "soap", packages: ["soap"], files: ["src/sdk/soap/"] },
  { what: "fast-xml-parser", packages: ["fast-xml-parser"], files: ["src/sdk/xml"] },
  { what: "croner", packages: ["croner"], files: ["src/settings/schedule"] },
  { what: "papaparse", packages: ["papaparse"], files: ["src/sdk/csv/"] },
  { what: "jsonc-parser", packages: ["jsonc-parser"], files: ["src/logging/"] },
];

/** Where the global `Bun` may be named. */
export const bunFiles: readonly string[] = ["src/runtime/"];
/** Where something may be printed. */
export const printFiles: readonly string[] = ["src/cli/", "src/describe/help.ts"];
/** Where the process may be ended or its exit code set. */
export const exitFiles: readonly string[] = ["src/cli/main.ts"];
/** Where the process is asked for its environment: other files get it as an argument. */
export const processFiles: readonly string[] = [
  "src/cli/main.ts",
  // A process of its own, which has no command line.
  "src/sandbox/child.ts",
  "src/runtime/child.ts",
  // The request of Windows to stop.
  "src/os_service/windows_host.ts",
];
/** Where SQL may be written: our own file's, a vendor's database's, and the modules that open both. */
export const sqlFiles: readonly string[] = [
  "src/state/",
  "src/sources/",
  "src/sdk/sql/",
  "src/runtime/",
];
/** What every product file may read besides the rooms. */
export const openPaths: readonly string[] = ["package.json", "assets/"];
/** The only package that a source may import. */
export const guestPackage = "zod";
/** The only file of ours that a source or converter may import. */
export const guestDoor = "src/sdk/mod.ts";
/**
 * Folders whose files are seen from elsewhere only through their `mod.ts`: lists, and programs that the
 * command line starts.
 */
export const listedRooms: readonly string[] = [
  "src/sources",
  "converters",
  "src/gui",
  "src/daemon",
  "src/stand_in",
];

/** The room that `path` belongs to; `undefined` when it is not part of the product. */
export function roomOf(path: string): Room | undefined {
  const [top = "", second = "", third = ""] = path.split("/");
  if (top === "converters" && second !== "") {
    return { name: path, level: guestLevel, guest: second !== "mod.ts" };
  }
  if (top !== "src") return undefined;
  if (second === "sources" && third !== "") {
    const listing = third === "mod.ts";
    return { name: `src/sources/${third}`, level: guestLevel, guest: !listing };
  }
  const level = levels[second];
  return level === undefined ? undefined : { name: `src/${second}`, level, guest: false };
}
