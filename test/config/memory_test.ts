/**
 * A configuration that is read again and again from memory is the one that is read anew.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { withConfig } from "../../src/app/configuration.ts";
import type { Config } from "../../src/config/config.ts";
import { ConfigMemory } from "../../src/config/memory.ts";
import { type Faces, openFaces } from "../app/support/faces.ts";

const head = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = t0ken-of-oomnitza\n";
const env = { ON: "True", SECRET: "s3cret-of-one" };
const file = `[DEFAULT]\ndefault_role = 25\ndefault_position = Employee\nsync_field = USER\n${head}
[okta]\nenable = \${env:ON}\nurl = https://okta.example\napi_token = \${env:SECRET}
[okta.two]\nenable = \${env:NONE}\nurl = https://okta.example\napi_token = secret-of-two
[okta.three]\nenable = True\nurl = no address\nafter = okta, nobody
[okta.four]\nenable = True\nurl = https://okta.example\napi_token = secret-of-four
[csv_users]\nenable = True\nfilename = people.csv\nafter = okta.four\n`;

function read({ app }: Faces, wanted: readonly string[], memory?: ConfigMemory): Promise<Config> {
  return withConfig(app, wanted, (config) => Promise.resolve(config), memory);
}

const wantedInTurn = [["okta"], ["csv_users"], ["okta", "okta.four"], ["okta"], []] as const;

test("what is read from memory is what is read anew, whichever sections are to run", async () => {
  using faces = openFaces(env);
  faces.write("config.ini", file);
  const memory = new ConfigMemory();
  for (const wanted of wantedInTurn) {
    const remembered = await read(faces, wanted, memory);
    expect(remembered).toEqual(await read(faces, wanted));
    expect(remembered.findings.length).toBeGreaterThan(2);
  }
});

test("a section is checked once as long as it is not to run, and each time that it is", async () => {
  using faces = openFaces(env);
  faces.write("config.ini", file);
  const memory = new ConfigMemory();
  const named = (config: Config, name: string) => config.sections.find((one) => one.name === name);
  const [first, second] = [
    await read(faces, ["okta"], memory),
    await read(faces, ["okta"], memory),
  ];
  expect(named(second, "okta.four")).toBe(named(first, "okta.four"));
  expect(named(second, "okta")).not.toBe(named(first, "okta"));
  const running = named(await read(faces, ["okta.four"], memory), "okta.four");
  expect(named(await read(faces, ["okta.four"], memory), "okta.four")).not.toBe(running);
  expect(running).toEqual(named(second, "okta.four"));
  expect(running).not.toBe(named(second, "okta.four"));
});

test("a file that was changed is read, and the secrets of all of it are masked", async () => {
  using faces = openFaces(env);
  faces.write("config.ini", file);
  const memory = new ConfigMemory();
  await read(faces, ["okta"], memory);
  faces.write("config.ini", file.replace("secret-of-four", "another-secret"));
  const { secrets } = await read(faces, ["okta"], memory);
  expect(secrets).toContain("another-secret");
  expect(secrets).not.toContain("secret-of-four");
  expect(faces.app.redactor.redact("another-secret")).toBe("***");
  faces.write("config.ini", file.replace("default_role = 25", "timeout = soon"));
  const changed = await read(faces, ["okta"], memory);
  expect([...changed.broken]).toContain("okta.four");
});
