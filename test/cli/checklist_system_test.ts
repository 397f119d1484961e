/**
 * The compatibility checklist, T16 and T19: the lock and certificates.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { selfSigned } from "../stand_in/stand_in_tls.ts";
import { oomnitzaSection, tagsOnly as assets, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

slow("T16: a second upload beside the first ends with 1; with --singleton 0 both run", async () => {
  let arrived: () => void = () => {};
  const underWay = new Promise<void>((resolve) => arrived = resolve);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using gate = holdingInstance(() => arrived(), held);
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(gate) + assets);
  // A service has a temporary folder of its own (PrivateTmp), and must see the same lock.
  const env = { TMPDIR: space.folder };
  const first = space.agent(["upload", "csv_assets", "--singleton", "1"], { env });
  await underWay;
  const lock = join(space.folder, "agent-state.sqlite-upload.lock");
  expect(statSync(lock).mode & 0o777).toBe(0o600);
  const second = await space.agent(["upload", "csv_assets", "--singleton=1"]);
  const stateless = await space.agent(["upload", "csv_assets", "--singleton=1", "--no-state"]);
  expect(stateless.stderr).toContain(lock);
  expect(stateless.code).toBe(1);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(".lock");
  expect(second.stderr).toMatch(/process \d+/);
  const beside = space.agent(["upload", "csv_assets", "--singleton=0"], { env });
  release();
  expect((await first).code).toBe(0);
  expect((await beside).code).toBe(0);
  const after = await space.agent(["upload", "csv_assets", "--singleton", "1"], { env });
  expect(after.code).toBe(0);
  expect(readdirSync(space.folder).filter((name) => name.endsWith(".lock"))).toEqual([]);
});

test("uploads with different state files do not wait for each other", async () => {
  let arrived: () => void = () => {};
  const underWay = new Promise<void>((resolve) => arrived = resolve);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using gate = holdingInstance(() => arrived(), held);
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(gate) + assets);
  const words = ["upload", "csv_assets", "--singleton", "1"];
  const first = space.agent(words);
  await underWay;
  // The gate holds what is sent: a test run takes the lock and sends nothing.
  const other = ["--testmode", "--state", join(space.folder, "other.sqlite")];
  expect((await space.agent([...words, ...other])).code).toBe(0);
  expect((await space.agent([...words, "--testmode"])).code).toBe(1);
  release();
  expect((await first).code).toBe(0);
});

test("a lock writes through no symbolic link, and nobody else can hold it", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance) + assets);
  space.write("victim", "precious");
  // The name that the lock had once, in the folder where everybody may write.
  const name = (await binaryPath()).split("/").at(-1);
  symlinkSync(join(space.folder, "victim"), join(space.folder, `${name}.lock`));
  const env = { TMPDIR: space.folder };
  const words = ["upload", "csv_assets", "--singleton", "1"];
  expect((await space.agent(words, { env })).code).toBe(0);
  symlinkSync(join(space.folder, "victim"), join(space.folder, "agent-state.sqlite-upload.lock"));
  const linked = await space.agent(words, { env });
  expect(linked.code).toBe(1);
  expect(linked.stderr).toContain("symbolic link");
  expect(space.read("victim")).toBe("precious");
});

/** An instance whose uploads wait until they are released. */
function holdingInstance(arrived: () => void, held: Promise<void>) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (!request.url.includes("/bulk")) return Response.json({});
      arrived();
      await held;
      return Response.json({});
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    token: "token-of-the-gate",
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("a lock file left behind by a crash is harmless", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance) + assets);
  const left = ["agent-state.sqlite-upload.lock", "agent-state.sqlite-0123456789.lock"];
  for (const name of left) space.write(name, "");
  expect((await space.agent(["upload", "csv_assets", "--singleton", "1"])).code).toBe(0);
  for (const name of left) expect(space.has(name)).toBe(false);
});

test("T19: a self-signed host needs verify_ssl = false, or its certificate in cacert_file", async () => {
  using space = workspace();
  space.write("cert.pem", selfSigned.cert);
  await using instance = record({ tls: selfSigned });
  space.write("assets.csv", "tag\nA1\n");
  async function upload(extra: string) {
    space.write("config.ini", oomnitzaSection(instance, extra) + assets);
    return await space.agent(["upload", "csv_assets"]);
  }
  const checked = await upload("");
  expect(checked.code).toBe(1);
  expect(checked.stderr).toContain("cacert_file");
  const off = await upload("verify_ssl = false");
  expect(off.code).toBe(0);
  expect(off.stderr).toContain("verify_ssl is off");
  const trusted = await upload("cacert_file = cert.pem");
  expect(trusted.code).toBe(0);
  expect(trusted.stderr).not.toContain("WARNING");
  expect((await upload("verify_ssl = nope")).code).toBe(1);
});
