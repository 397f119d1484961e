/**
 * What `npm run build` leaves behind: twice the same, byte by byte, with a true bill of materials.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/binary/compile.ts";
import { newKeyPair } from "../../scripts/binary/minisign_key.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { slow as test } from "../support/slow.ts";

const { file: program, name: target } = hostTarget();
mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build", "twice-"));
const pair = newKeyPair();
const key = join(folder, "key");
writeFileSync(`${key}.pub`, pair.open);
writeFileSync(key, pair.secret);
const builds = ["first", "second"].map((name) => join(folder, name));
const [first = ""] = builds;
beforeAll(() => {
  for (const build of builds) {
    script("build.ts", "--target", target, "--out", build, "--public-key", `${key}.pub`);
    script("sign.ts", "--folder", build, "--key", key);
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, ...words: string[]): void {
  const run = Bun.spawnSync([process.execPath, `scripts/${name}`, ...words], {
    cwd: root,
    env: { ...process.env, AGENT_SIGNING_KEY: "" },
  });
  if (!run.success) throw new Error(`${run.stdout}${run.stderr}`);
}

function sumsOf(build: string): Record<string, string> {
  const files = readdirSync(build).sort();
  return Object.fromEntries(files.map((file) => {
    return [file, createHash("sha256").update(readFileSync(join(build, file))).digest("hex")];
  }));
}

describe("two builds of one commit", () => {
  test("are the same in every file", () => {
    const [one, two] = builds.map(sumsOf);
    expect(Object.keys(one ?? {})).toEqual(
      [
        "LICENSES.txt",
        "SHA256SUMS",
        "SHA256SUMS.minisig",
        "agent.cdx.json",
        program,
        "release.json",
      ]
        .sort(),
    );
    expect(two).toEqual(one);
  });

  test("list every file with its sum, except the list and its signature", () => {
    const sums = Object.entries(sumsOf(first)).filter(([file]) => !file.startsWith("SHA256SUMS"));
    const lines = readFileSync(join(first, "SHA256SUMS"), "utf8").trim().split("\n").sort();
    expect(lines).toEqual(sums.map(([file, sum]) => `${sum}  ${file}`).sort());
  });
});

interface Component {
  readonly type: string;
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly {
    readonly license: { readonly id?: string; readonly name?: string };
  }[];
  readonly purl: string;
}

describe("the bill of materials", () => {
  let bill = JSON.parse("{}");
  let components: readonly Component[] = [];
  let names: readonly string[] = [];
  beforeAll(() => {
    bill = JSON.parse(readFileSync(join(first, "agent.cdx.json"), "utf8"));
    components = bill.components;
    names = components.map(({ group, name }) => group === undefined ? name : `${group}/${name}`);
  });
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

  test("has what the schema of CycloneDX 1.6 requires", () => {
    expect(bill).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: { component: { type: "application", name: "agent", version: lock.version } },
    });
    expect(bill.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
    for (const component of components) {
      expect(component.type).toMatch(/^(library|platform)$/);
      expect(component.name).not.toBe("");
      expect(component["bom-ref"]).toBe(component.purl);
      expect(component.hashes).toEqual([
        { alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) },
      ]);
      expect(component.licenses.every(({ license }) => license.id ?? license.name)).toBe(true);
    }
    expect(new Set(components.map((component) => component["bom-ref"])).size).toBe(names.length);
  });

  test("lists what LICENSES.txt lists, in the versions of the lock file", () => {
    const licences = readFileSync(join(first, "LICENSES.txt"), "utf8").split("\n\n")[1] ?? "";
    const listed = licences.split("\n").map((line) => line.split(":", 1)[0]);
    const own = components.map(({ version }, index) => `${names[index]} ${version}`);
    expect(own).toEqual(listed as string[]);
    for (const [index, { version }] of components.entries()) {
      const nested = Object.keys(lock.packages).filter((path) =>
        path.endsWith(`node_modules/${names[index]}`)
      );
      expect(nested.map((path) => lock.packages[path].version)).toContain(version);
    }
  });

  test("holds Bun and what is bundled, and nothing that only builds", () => {
    expect(names).toContain("bun");
    expect(names).toContain("zod");
    expect(names).toContain("iconv-lite");
    expect(names.filter((name) => name.startsWith("@azure/"))).toEqual([]);
    for (const tool of ["deno", "oxc-parser", "resedit", "@types/bun"]) {
      expect(names).not.toContain(tool);
    }
  });

  test("names who needs whom, and everything is needed by something", () => {
    const refs = new Set(components.map((component) => component["bom-ref"]));
    const needs = new Map<string, string[]>(
      bill.dependencies.map((each: { ref: string; dependsOn: string[] }) => [
        each.ref,
        each.dependsOn,
      ]),
    );
    const own = bill.metadata.component["bom-ref"];
    expect([...needs.keys()].sort()).toEqual([...refs, own].sort());
    const reached = new Set<string>();
    const waiting = [own];
    for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
      if (reached.has(ref)) continue;
      reached.add(ref);
      waiting.push(...needs.get(ref) ?? []);
    }
    expect(reached).toEqual(new Set([...refs, own]));
  });
});
