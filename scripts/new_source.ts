/**
 * Begins a new source: declaration, client, notes, vendor server, test, and its line in the list.
 *
 * `bun scripts/new_source.ts NAME --kind users|assets [--title TITLE] [--root DIR]`
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root as home } from "./binary/compile.ts";

const usage = "Usage: npm run new-source -- NAME --kind users|assets [--title TITLE]";
const list = "src/sources/mod.ts";
const templates = join(home, "scripts/new_source");

/** What the templates are filled with. */
export interface SourceNames {
  /** Section name, snake_case. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Name of the constant, camelCase. */
  readonly constant: string;
  readonly kind: "assets" | "users";
}

const perKind = {
  assets: {
    imported: "syncField",
    options: "sync_field: syncField(),",
    mappings: `NAME: { source: "name" }, SERIAL_NUMBER: { source: "serial_number" },`,
    fields: `name: "Name of the device.", serial_number: "Serial number.",`,
    given: "sync_field = SERIAL_NUMBER",
    keyField: "SERIAL_NUMBER",
    record: "{ name: `device ${index}`, serial_number: `id-${index}` }",
  },
  users: {
    imported: "peopleOptions",
    options: "...peopleOptions,",
    mappings:
      `USER: { source: "login", required: true }, EMAIL: { source: "email", required: true },`,
    fields: `login: "Login name.", email: "E-mail address.",`,
    given: "default_role = 25\\ndefault_position = Employee",
    keyField: "USER",
    record: "{ login: `id-${index}`, email: `id-${index}@example.com` }",
  },
} as const;

/** A template of scripts/new_source, every «word» replaced. */
function filled(template: string, names: SourceNames): string {
  const { name, kind } = names;
  const words: Readonly<Record<string, string>> = {
    ...names,
    ...perKind[kind],
    Kind: kind.charAt(0).toUpperCase() + kind.slice(1),
    host: name.replaceAll("_", "-"),
  };
  const text = readFileSync(join(templates, template), "utf8");
  return text.replaceAll(/«(\w+)»/g, (_all, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`${template} asks for «${word}».`);
    return value;
  });
}

/** The list of sources with one more in it, imports and entries sorted. */
export function withSource(text: string, { name, constant }: SourceNames): string {
  const imported = /^import \{ \w+ \} from "\.\/\w+\/mod\.ts";$/gm;
  const lines = text.match(imported) ?? [];
  const entries = /(readonly Source\[\] = \[)([^\]]*)(\];)/.exec(text);
  if (entries?.[2] === undefined) throw new Error(`${list} no longer looks as it did.`);
  const line = `import { ${constant} } from "./${name}/mod.ts";`;
  const sorted = [...lines, line].sort().join("\n");
  const names = [...entries[2].split(",").map((entry) => entry.trim()), constant];
  const [first, ...others] = lines;
  if (first === undefined) throw new Error(`${list} imports no source yet: add the first by hand.`);
  return others
    .reduce((rest, other) => rest.replace(`${other}\n`, ""), text)
    .replace(first, sorted)
    .replace(entries[0], `${entries[1]}${names.filter(Boolean).sort().join(", ")}${entries[3]}`);
}

function readNames(): { names: SourceNames; root: string } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kind: { type: "string" },
      title: { type: "string" },
      root: { type: "string", default: home },
    },
  });
  const [name = ""] = positionals;
  const kind = values.kind;
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) || positionals.length !== 1) {
    throw new Error(`NAME is the section in the ini, in small letters, digits and _.\n${usage}`);
  }
  if (kind !== "users" && kind !== "assets") {
    throw new Error(`--kind is users or assets.\n${usage}`);
  }
  const constant = name.replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase());
  const title = values.title ??
    name.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
  if (/["\\`$]/.test(title)) throw new Error("The title holds a character that needs escaping.");
  return { names: { name, title, constant, kind }, root: resolve(values.root) };
}

function main(): void {
  const { names, root } = readNames();
  const { name } = names;
  const files: Record<string, string> = {
    [`src/sources/${name}/mod.ts`]: filled("source.txt", names),
    [`src/sources/${name}/client.ts`]: filled("client.txt", names),
    [`src/sources/${name}/notes.md`]: filled("notes.txt", names),
    [`test/sources/${name}/server.ts`]: filled("server.txt", names),
    [`test/sources/${name}/${name}_test.ts`]: filled("test.txt", names),
  };
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken !== undefined) throw new Error(`${taken} is already there.`);
  files[list] = withSource(readFileSync(join(root, list), "utf8"), names);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
  format(root, Object.keys(files));
  console.log("Next: fill them in from the vendor's documentation, npm run docs, CHANGELOG.md.");
}

function format(root: string, files: readonly string[]): void {
  const deno = join(home, "node_modules/deno", process.platform === "win32" ? "deno.exe" : "deno");
  const run = Bun.spawnSync([deno, "fmt", "--quiet", ...files], { cwd: root });
  if (!run.success) throw new Error(`deno fmt failed: ${run.stderr}`);
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
