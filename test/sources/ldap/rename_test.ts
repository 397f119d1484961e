/**
 * People of a real directory whose sync field changes: known again by the id of their entry.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../../support/recorder.ts";
import { accounts, password, startSlapd, suffix } from "../../support/slapd.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { section } from "./ldap_run.ts";
import { directoryLdif } from "./people.ts";

const address = (dn: string, mail: string) =>
  `dn: ${dn}\nchangetype: modify\nreplace: mail\nmail: ${mail}\n\n`;

test("another mail address, and another place in the tree, are a rename", async () => {
  await using slapd = await startSlapd({ ldif: directoryLdif(12) });
  await using instance = record();
  using space = workspace();
  const options = {
    ...{ url: slapd.plain, username: accounts.reader, password, base_dn: suffix },
    ...{ default_role: "25", default_position: "Employee", sync_field: "EMAIL" },
  };
  space.write("config.ini", oomnitzaSection(instance) + section("ldap", options));
  const upload = async () => {
    const { stdout, stderr } = await space.agent(["upload", "ldap", "--output", "json"]);
    return { stderr, section: JSON.parse(stdout).sections[0] };
  };
  const first = await upload();
  expect(first.section.counts).toMatchObject({ fetched: 12, sent: 12 });
  const people = `ou=people,${suffix}`;
  slapd.modify(
    address(`uid=person0003,${people}`, "married@example.org") +
      `dn: uid=person0003,${people}\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 0\n\n`,
  );
  const { stderr, section: second } = await upload();
  expect(second.changes).toMatchObject({
    ...{ new: 0, changed: 0, renamed: 1, gone: 0, unchanged: 11 },
    renames: [{ old: "person0003@example.org", new: "married@example.org" }],
  });
  expect(stderr).toContain("person0003@example.org");
  expect((await upload()).section.changes).toMatchObject({ new: 0, renamed: 0, unchanged: 12 });
  // The id itself is sent nowhere.
  const sent = instance.uploads().map(({ body }) => body).join("");
  expect(sent).not.toContain("entryUUID");
});

test("an entry of which nothing is mapped is no record for its id", async () => {
  await using slapd = await startSlapd({ ldif: directoryLdif(12) });
  await using instance = record();
  using space = workspace();
  const options = {
    ...{ url: slapd.plain, username: accounts.reader, password, base_dn: suffix },
    ...{ default_role: "25", default_position: "Employee" },
  };
  space.write("config.ini", oomnitzaSection(instance) + section("ldap", options));
  const { stdout } = await space.agent(["upload", "ldap", "--output", "json"]);
  // The suffix, the accounts and the folders are entries, too.
  expect(JSON.parse(stdout).sections[0].counts).toMatchObject({ fetched: 12, incomplete: 0 });
});
