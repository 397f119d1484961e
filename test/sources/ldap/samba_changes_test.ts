/**
 * A real domain, read by what changed since the last upload.
 *
 * @module
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { openUploads } from "../../support/changes_conformance.ts";
import { domainDn, type SambaDomain, startSamba } from "../../support/samba.ts";
import { slow } from "../../support/slow.ts";

const staff = `OU=Staff,${domainDn}`;
const count = 30;

function nameOf(index: number): string {
  return `person${index}`;
}

const people = Array.from({ length: count }, (_, index) => nameOf(index));
const ldif = `dn: ${staff}\nobjectClass: organizationalUnit\n\n` +
  people.map((name) =>
    `dn: CN=${name},${staff}\nobjectClass: user\nsAMAccountName: ${name}\nmail: ${name}@example.test\n\n`
  ).join("");

/** Changes the domain while it runs. */
function modify({ folder }: SambaDomain, text: string): void {
  const config = `--configfile=${join(folder, "etc/smb.conf")}`;
  const words = ["ldbmodify", "-H", join(folder, "private/sam.ldb"), config];
  const run = Bun.spawnSync(words, { stdin: Buffer.from(text) });
  if (!run.success) throw new Error(`${run.stdout}${run.stderr}`);
}

function setTitle(name: string, title: string): string {
  return `dn: CN=${name},${staff}\nchangetype: modify\nreplace: title\ntitle: ${title}\n\n`;
}

slow("of a real domain, what changed is read, and only that", async () => {
  await using domain = await startSamba({ ldif });
  const section = {
    section: "ldap",
    options: [
      `url = ${domain.plain}`,
      "authentication = Kerberos",
      `keytab = ${domain.keytab}`,
      "server_spn = ldap/dc1.example.test",
      `base_dn = ${staff}`,
      "filter = (&(objectClass=user)(mail=*))",
      "default_role = 25",
      "default_position = Employee",
      'mapping.TITLE = {"source": "title"}',
    ].join("\n"),
    keyField: "USER",
    versionField: "TITLE",
  };
  await using uploads = openUploads(section, "mode = changes", domain.env);
  const first = await uploads.upload();
  expect(first.stderr).not.toContain("FAILED");
  expect(first.arrived.size).toBe(count);
  modify(domain, setTitle(nameOf(3), "Chief") + setTitle(nameOf(7), "Cook"));
  modify(
    domain,
    `dn: CN=new,${staff}\nchangetype: add\nobjectClass: user\nsAMAccountName: new\nmail: new@example.test\n\n`,
  );
  const second = await uploads.upload();
  expect(second.code).toBe(0);
  expect(Object.fromEntries(second.arrived)).toEqual({
    [nameOf(3)]: "Chief",
    [nameOf(7)]: "Cook",
    new: "null",
  });
  const third = await uploads.upload();
  expect([third.code, third.arrived.size]).toEqual([0, 0]);
  // Another login name, and another place in the tree: the entry is the same.
  modify(
    domain,
    `dn: CN=${
      nameOf(5)
    },${staff}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: other\n\n` +
      `dn: CN=${nameOf(5)},${staff}\nchangetype: modrdn\nnewrdn: CN=other\ndeleteoldrdn: 1\n\n`,
  );
  const fourth = await uploads.upload();
  expect([...fourth.arrived.keys()]).toEqual(["other"]);
  expect(fourth.stderr).toContain(`Renamed: ${nameOf(5)} → other`);
}, 900_000);
