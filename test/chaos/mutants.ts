/**
 * Mutants of the agent: executables compiled from a copy of the source in which one safeguard is taken out. A
 * scenario that no mutant fails would show nothing.
 *
 * @module
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/binary/compile.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";

/** One place in the source that is different in a mutant. */
export interface Patch {
  readonly file: string;
  /** Text that is there exactly once. */
  readonly text: string;
  readonly replacement: string;
}

/** A way in which the agent could be wrong. */
export interface Mutant {
  readonly name: string;
  /** What is taken out. */
  readonly without: string;
  readonly patches: readonly Patch[];
  /** The scenarios that have to find it. */
  readonly foundBy: readonly string[];
}

/** What makes up the executable. */
const ingredients = ["src", "converters", "assets", "scripts", "package.json", "tsconfig.json"];

/** Nothing is checked before a request to Oomnitza, and none is broken off. */
const withoutDeadline: Patch = {
  file: "src/sync/deliver/held_sink.ts",
  text: "{ check: () => requireHold(hold), signal: hold.signal }",
  replacement: "undefined",
};

/** The mutants, each of which a scenario has to find. */
export const mutants: readonly Mutant[] = [{
  name: "commit",
  without: "waiting for the disk before an event is promised",
  patches: [{
    file: "src/state/postgres/pg.ts",
    text: "SET LOCAL synchronous_commit = on",
    replacement: "SET LOCAL synchronous_commit = off",
  }, {
    file: "src/state/postgres/context.ts",
    text: `isAwaited ? "on" : "off"`,
    replacement: `isAwaited ? "off" : "off"`,
  }, {
    file: "src/state/postgres/inbox.ts",
    text: "set_config('synchronous_commit', 'on', true)",
    replacement: "set_config('synchronous_commit', 'off', true)",
  }],
  foundBy: ["promises", "failover"],
}, {
  name: "answer",
  without: "waiting for the answer of the database before an event is promised",
  patches: [{
    file: "src/state/postgres/inbox.ts",
    text: "    await intake.rows(\n",
    replacement: "    void intake.rows(\n",
  }, {
    file: "src/state/postgres/inbox.ts",
    text: "      deadline,\n    );\n",
    replacement: "      deadline,\n    ).catch(() => undefined);\n",
  }],
  foundBy: ["promises"],
}, {
  name: "fence",
  without: "looking at the lease, neither when something is written nor when it is sent",
  patches: [withoutDeadline, {
    file: "src/state/postgres/context.ts",
    text: "  lease.check();\n",
    replacement: "",
  }, {
    file: "src/state/postgres/context.ts",
    text: "if (asked.value.length === 0) {",
    replacement: "if (asked.value.length === 0 && work === undefined) {",
  }, {
    file: "src/state/postgres/lease.ts",
    text: "if (!this.#lost.signal.aborted) this.#lost.abort(leaseLost());",
    replacement: "",
  }],
  foundBy: ["stopped-with-answer"],
}, {
  name: "deadline",
  without: "looking at the lease before something is sent",
  patches: [withoutDeadline],
  foundBy: ["stopped-before-post", "cut-off-before-post"],
}, {
  name: "arrival",
  without: "breaking off what is on its way when the lease ends",
  patches: [{
    file: "src/sync/deliver/held_sink.ts",
    text: "signal: hold.signal }",
    replacement: "signal: new AbortController().signal }",
  }],
  foundBy: ["cut-off-on-the-way"],
}, {
  name: "connection",
  without: "a new connection to the vendor after a lease that was lost",
  patches: [{
    file: "src/sync/read/source_context.ts",
    text: "  renewIfEnded(connection);\n",
    replacement: "",
  }],
  foundBy: ["stopped-with-answer"],
}, {
  name: "tables",
  without: "working with tables of the next version",
  patches: [{
    file: "src/state/postgres/migrate.ts",
    text: "if (version.minAgent > steps.length) {",
    replacement: "if (version.version > steps.length) {",
  }],
  foundBy: ["mixed"],
}];

/** What is the same of a mutant and of another version. */
export type Change = Pick<Mutant, "name" | "patches">;

/** The next version of the agent: its tables have a column more, of which older agents need not know. */
export const nextVersion: Change = {
  name: "next-version",
  patches: [{
    file: "src/state/postgres/schema.ts",
    text: `      mark text NOT NULL
    )\`,
  ],
];`,
    replacement: `      mark text NOT NULL
    )\`,
  ],
  (schema) => [\`ALTER TABLE \${schema}.runs ADD COLUMN remark text\`],
];`,
  }],
};

/**
 * The source with the patches of a mutant.
 *
 * @throws {Error} when a text is not there exactly once: the source has changed, and the mutant has to follow.
 */
export function patchedSources({ name, patches }: Change): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { file, text, replacement } of patches) {
    const source = sources.get(file) ?? readFileSync(join(root, file), "utf8");
    const parts = source.split(text);
    if (parts.length !== 2) {
      throw new Error(
        `${file} has ${parts.length - 1} times what the mutant ${name} replaces: ${text}`,
      );
    }
    sources.set(file, parts.join(replacement));
  }
  return sources;
}

/** Compiles the agent with a change; gives the path of the executable. */
export async function compileChanged(change: Change): Promise<string> {
  const sources = patchedSources(change);
  const builds = join(root, "build");
  mkdirSync(join(builds, "bases"), { recursive: true });
  const copy = mkdtempSync(join(builds, "mutant-"));
  const outfile = join(builds, `mutant-${change.name}`, "agent");
  try {
    for (const path of ingredients) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    mkdirSync(join(copy, "build"));
    symlinkSync(join(builds, "bases"), join(copy, "build", "bases"));
    for (const [file, source] of sources) writeFileSync(join(copy, file), source);
    const { compileAgent } = await import(join(copy, "scripts/binary/compile.ts"));
    await compileAgent({ target: hostTarget(), outfile, version: "0.0.0", commit: change.name });
    return outfile;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
