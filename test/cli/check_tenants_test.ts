/**
 * `agent check --configs`: the files of all tenants, and that of the listener, as `agent serve` would use them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { openTenantsSpace } from "./tenants_workspace.ts";

/** A result as programs read it. */
interface Found {
  readonly file: string;
  readonly section: string | null;
  readonly ok: boolean;
  readonly message: string;
}

test("all that serve --configs would use is right: exit 0, and each file is named", async () => {
  await using space = openTenantsSpace();
  const [acme, zenith] = [await space.tenant("acme"), await space.tenant("zenith.eu")];
  for (const tenant of [acme, zenith]) space.place(tenant);
  space.write("tenants/listener.ini", "[serve]\ncalls_at_once = 5\n");
  const run = await space.agent(["check", "--configs", "tenants"]);
  expect(run).toMatchObject({ code: 0 });
  expect(run.stdout.split("\n").filter((line) => line !== "")).toEqual([
    "ok     listener.ini [serve] is valid",
    `ok     acme.ini [oomnitza] ${acme.standIn.url} accepts the credentials`,
    "ok     acme.ini [casper] Jamf Pro can be read",
    `ok     zenith.eu.ini [oomnitza] ${zenith.standIn.url} accepts the credentials`,
    "ok     zenith.eu.ini [casper] Jamf Pro can be read",
  ]);
  // Looking leaves nothing behind.
  expect(space.has("tenants/acme")).toBe(false);
}, 60_000);

test("each fault is told with its file, whatever is wrong with the others", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  space.place(acme);
  const files = {
    "broken.ini": acme.ini().replace("[casper]", "[casper]\nurl"),
    "cert.ini": acme.ini({ serve: "cert = cert.pem\nkey = key.pem\n" }),
    "listener.ini": "[serve]\ncert = nowhere.pem\nkey = nowhere.pem\n",
    "open.ini": acme.ini().replace("auth = header", "").replace(/secret = .*\n/, ""),
    "other.ini": acme.ini({ more: "[state]\ntenant = acme\n" }),
    "serve.ini": acme.ini({ serve: "allow = nowhere\n" }),
    "ä b.ini": acme.ini(),
  };
  for (const [name, text] of Object.entries(files)) space.write(`tenants/${name}`, text);
  const words = ["check", "--configs", "tenants", "--file-only", "--output", "json"];
  const run = await space.agent([...words, "--host", "0.0.0.0"]);
  expect(run.code).toBe(3);
  const found: Found[] = JSON.parse(run.stdout);
  const faults = found.filter(({ ok }) => !ok).map(({ file, section, message }) =>
    `${file} ${section}: ${message.replaceAll(space.folder, "")}`
  );
  expect(faults).toEqual([
    "listener.ini null: Cannot read cert of [serve]: it does not exist",
    expect.stringContaining("ä b.ini null: is no tenant: its name may have letters"),
    expect.stringMatching(/^broken\.ini casper: .*broken\.ini:\d+ \[casper\]: neither/),
    "cert.ini null: /tenants/cert.ini sets cert or key in [serve]",
    "open.ini null: Cannot listen on 0.0.0.0: callers would not have to authenticate",
    expect.stringMatching(/^other\.ini state: .*is acme, in the file of other/),
    expect.stringMatching(/^serve\.ini serve: .*contains an invalid address or network: nowhere/),
  ]);
  expect(found.filter(({ ok }) => ok)).toMatchObject([{ file: "acme.ini", section: "casper" }]);
  // On loopback, nobody has to authenticate.
  const { stdout } = await space.agent(words);
  expect(stdout).not.toContain("Cannot listen");
  expect(run.stdout + run.stderr).not.toContain("canary");
}, 60_000);

test("credentials that do not work, secrets and a folder without tenants fail it", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  space.write("tenants/listener.ini", "[serve]\nauth = header\nsecret = ${env:NOWHERE}\n");
  const empty = await space.agent(["check", "--configs", "tenants", "--file-only"]);
  expect(empty).toMatchObject({ code: 3 });
  expect(empty.stdout).toContain("ok     listener.ini [serve] is valid");
  expect(empty.stdout).toMatch(/FAILED .*tenants has no configuration file of a tenant/);
  space.write("tenants/acme.ini", acme.ini().replace(acme.standIn.token, "wrong"));
  const run = await space.agent(["check", "--configs", "tenants"]);
  expect(run.code).toBe(3);
  expect(run.stdout).toMatch(/FAILED listener\.ini \[serve\] .*NOWHERE is not set\. Set it/);
  expect(run.stdout).toMatch(/FAILED acme\.ini .*401/);
}, 60_000);

test("what has no meaning together with it is refused", async () => {
  await using space = openTenantsSpace();
  for (
    const [words, text] of [[["casper"], "the names of sections"], [
      ["--ini", "a"],
      "--ini",
    ]] as const
  ) {
    const run = await space.agent(["check", "--configs", "tenants", ...words]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain(`check does not take --configs together with ${text}`);
  }
  const gone = await space.agent(["check", "--configs", "nowhere"]);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain("Cannot read the folder of --configs");
}, 60_000);
