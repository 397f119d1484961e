/**
 * Saving without a browser: what is written, what is refused, and what the answers say.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { lstatSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { compareLines, withoutFarLines } from "../../src/gui/diff.ts";
import { type AgentGui, agentGui } from "./support/agent_gui.ts";

/** Sends a form as the pages do; gives the answer. */
type Send = (path: string, form: Record<string, string>) => Promise<Record<string, unknown>>;

/** Enters a GUI and gives how to send forms that were made from the file as it is. */
async function sender(gui: AgentGui): Promise<Send> {
  const entry = await fetch(gui.link);
  const cookie = (entry.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const base = gui.origin + (/url=([^"]+)"/.exec(await entry.text())?.[1] ?? "");
  return async (path, form) => {
    const page = await (await fetch(`${base}add`, { headers: { cookie } })).text();
    const revision = /name="revision" value="(\w+)"/.exec(page)?.[1] ?? "";
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { cookie, origin: gui.origin, accept: "application/json" },
      body: new URLSearchParams({ revision, ...form }),
    });
    return await answer.json();
  };
}

const ini = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = token-one-442\n";

test("a change is written only when it was confirmed, and findings are shown", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const send = await sender(gui);
  const form = { url: "https://other.oomnitza.com" };
  const first = await send("section/oomnitza", form);
  expect(first.outcome).toBe("review");
  expect(String(first.difference)).toContain("other.oomnitza.com");
  expect(String(first.difference)).not.toContain("token-one-442");
  expect(gui.space.read("config.ini")).toBe(ini);
  const second = await send("section/oomnitza", { ...form, confirmed: "yes" });
  expect(second).toEqual({ outcome: "saved", next: "section/oomnitza" });
  expect(gui.space.read("config.ini")).toBe(ini.replace("example", "other"));
});

test("confirming does not help what is invalid, stale or there already", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const send = await sender(gui);
  const invalid = await send("section/oomnitza", { url: "nowhere", confirmed: "yes" });
  expect(invalid).toMatchObject({ outcome: "refused", findings: [{ field: "url" }] });
  const stale = await send("section/oomnitza", {
    url: "https://a.example.com",
    confirmed: "yes",
    revision: "0".repeat(64),
  });
  expect(stale.outcome).toBe("stale");
  const added = { source: "okta", suffix: "", confirmed: "yes" };
  expect((await send("add", added)).outcome).toBe("saved");
  expect(JSON.stringify(await send("add", added))).toContain("the name is taken");
  const bracket = { source: "okta", suffix: "a]b", confirmed: "yes" };
  expect(await send("add", bracket)).toHaveProperty("error");
  expect(gui.space.read("config.ini")).toBe(`${ini}\n[okta]\nenable = False\n`);
});

test("an older error does not keep another from being fixed", async () => {
  const faulty = `${ini}timeout = soon\nbatch_size = many\n`;
  await using gui = await agentGui({ files: { "config.ini": faulty } });
  const send = await sender(gui);
  const answer = await send("section/oomnitza", { timeout: "30", confirmed: "yes" });
  expect(answer.outcome).toBe("saved");
  expect(gui.space.read("config.ini")).toBe(faulty.replace("soon", "30"));
});

test("without a file, the form of Oomnitza makes one for its owner only", async () => {
  await using gui = await agentGui();
  const send = await sender(gui);
  const form = { url: "https://example.oomnitza.com", api_token: "fresh-5521", confirmed: "yes" };
  expect((await send("section/oomnitza", form)).outcome).toBe("saved");
  expect(gui.space.read("config.ini")).toContain("api_token = fresh-5521");
  expect(statSync(join(gui.space.folder, "config.ini")).mode & 0o777).toBe(0o600);
});

test("line endings, encoding and a link stay as they are", async () => {
  await using gui = await agentGui();
  const real = gui.space.write(
    "real/agent.ini",
    Buffer.from(ini.replaceAll("\n", "\r\n") + "; caf\u00e9\r\n", "latin1"),
  );
  symlinkSync(real, join(gui.space.folder, "config.ini"));
  const send = await sender(gui);
  const form = { url: "https://other.oomnitza.com", confirmed: "yes" };
  expect((await send("section/oomnitza", form)).outcome).toBe("saved");
  expect(lstatSync(join(gui.space.folder, "config.ini")).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "latin1")).toBe(
    ini.replaceAll("\n", "\r\n").replace("example", "other") + "; caf\u00e9\r\n",
  );
});

test("secrets are masked wherever they stand in the difference", async () => {
  const text = "[DEFAULT]\npassword = default-secret-1\n\n" + ini +
    "api_token = token-two-443\n\n[unknown]\ndb_pass = unknown-secret-2\nmore:\n  of it\n" +
    "[oomnitza]\n# api_token = old-secret-3\npassword = several\n  lines-secret-4\n" +
    "username = nobody\n";
  await using gui = await agentGui({ files: { "config.ini": text } });
  const send = await sender(gui);
  const answer = await send("section/oomnitza", { username: "somebody", password: "typed-5" });
  const shown = JSON.stringify(answer);
  expect(shown).toContain("somebody");
  const hidden = ["secret-1", "token-one", "token-two", "secret-2", "secret-3", "secret-4"];
  for (const secret of [...hidden, "typed-5"]) expect(shown).not.toContain(secret);
});

test("a comparison gives both texts back and keeps what is common", () => {
  const old = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const fresh = ["a", "x", "c", "d", "e", "f", "h", "i"];
  const lines = compareLines(old, fresh);
  const back = lines.filter(({ before }) => before >= 0).map(({ before }) => old[before]);
  const forth = lines.filter(({ after }) => after >= 0).map(({ after }) => fresh[after]);
  expect(back).toEqual(old);
  expect(forth).toEqual(fresh);
  const kinds = lines.map(({ kind }) => kind[0]).join("");
  expect(kinds).toBe("srassssrsa");
  const far = compareLines(["1", "2", "3", "4", "5", "6"], ["1", "2", "3", "4", "5", "7"]);
  expect(withoutFarLines(far).map(({ kind }) => kind)).toEqual([
    "gap",
    "same",
    "same",
    "removed",
    "added",
  ]);
  expect(compareLines([], ["a"]).map(({ kind }) => kind)).toEqual(["added"]);
});

test("a file that changed as a whole is shown as removed and added", () => {
  const old = Array.from({ length: 3_000 }, (_, at) => `old ${at}`);
  const fresh = Array.from({ length: 2_000 }, (_, at) => `new ${at}`);
  const lines = compareLines(["same", ...old], ["same", ...fresh]);
  expect(lines[0]).toEqual({ kind: "removed", before: 0, after: -1 });
  expect(lines.slice(0, 3_001).every(({ kind }) => kind === "removed")).toBe(true);
  expect(lines.slice(3_001).map(({ after }) => after)).toEqual([...Array(2_001).keys()]);
});
