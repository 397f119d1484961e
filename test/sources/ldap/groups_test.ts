/**
 * Members of groups, from a real OpenLDAP.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { accounts, password, startSlapd, suffix } from "../../support/slapd.ts";
import { check, type SectionOptions, upload } from "./ldap_run.ts";
import { directoryLdif, groupDn, uidOf } from "./people.ts";
import { slow } from "../../support/slow.ts";

const slapd = await startSlapd({ ldif: directoryLdif(3200) });
afterAll(() => slapd[Symbol.asyncDispose]());

const options: SectionOptions = {
  url: slapd.plain,
  username: accounts.reader,
  password,
  base_dn: suffix,
  default_role: "25",
  default_position: "Employee",
};

async function users(more: SectionOptions) {
  const run = await upload("ldap", { ...options, ...more }, ["--workers", "1"]);
  return { ...run, users: run.records.map(({ USER }) => USER) };
}

slow(
  "the 3,000 members of a group arrive exactly and in order, also those with an odd DN",
  async () => {
    const run = await users({ group_dn: groupDn("crew") });
    expect(run.section.error).toBeNull();
    expect(run.code).toBe(0);
    expect(run.users).toEqual(Array.from({ length: 3000 }, (_, index) => uidOf(index + 1)));
  },
);

test("a member who is gone or has nothing that is read is reported of and left out", async () => {
  const run = await users({ group_dn: groupDn("pair") });
  expect(run.code).toBe(0);
  expect(run.users).toEqual([uidOf(2), uidOf(1)]);
  expect(run.stderr).toContain(`Skipped: member uid=gone,ou=people,${suffix}`);
  expect(run.stderr).toContain("no such entry [32]");
  expect(run.stderr).toContain(`Skipped: member ou=groups,${suffix}: it has none`);
});

slow("several groups: who is in two of them arrives once; they go before group_dn", async () => {
  const groups = JSON.stringify([groupDn("pair"), groupDn("crew")]);
  const run = await users({ groups_dn: groups, group_dn: groupDn("nobody") });
  expect(run.code).toBe(0);
  expect(run.users).toHaveLength(3000);
  expect(new Set(run.users).size).toBe(3000);
  expect(run.users.slice(0, 3)).toEqual([uidOf(2), uidOf(1), uidOf(3)]);
});

test("the filter holds for members too", async () => {
  const run = await users({ group_dn: groupDn("pair"), filter: `(uid=${uidOf(1)})` });
  expect(run.users).toEqual([uidOf(1)]);
  expect(run.stderr).toContain("the filter excludes it");
});

test("members are found by a filter, into which their value goes as nothing but a value", async () => {
  const run = await users({
    group_dn: groupDn("logins"),
    group_members_attr: "memberUid",
    group_member_filter: "(uid={})",
  });
  expect(run.code).toBe(0);
  expect(run.users).toEqual([uidOf(2), uidOf(10)]);
  expect(run.stderr).toContain("Skipped: member person000*: the filter excludes it");
  expect(run.stderr).toContain("Skipped: member x)(uid=*: the filter excludes it");
});

test("the first of several hits is taken", async () => {
  const hits = await users({
    group_dn: groupDn("logins"),
    group_members_attr: "memberUid",
    group_member_filter: "(&(uid=person000*)(!(uid={})))",
  });
  expect(hits.code).toBe(0);
  expect(hits.users).toEqual([uidOf(1), uidOf(1), uidOf(1), uidOf(1), uidOf(1)]);
});

test("a group without members sends nothing, with a warning", async () => {
  const run = await users({ group_dn: groupDn("nobody"), group_members_attr: "memberUid" });
  expect(run.code).toBe(0);
  expect(run.users).toEqual([]);
  expect(run.stderr).toContain(`Group ${groupDn("nobody")} has no memberUid`);
});

test.each([
  ["an unknown group", { group_dn: groupDn("gone") }, "Check group_dn"],
  ["an unknown one of several", { groups_dn: `["${groupDn("gone")}"]` }, "Check groups_dn"],
  [
    "an unknown base for the members",
    {
      group_dn: groupDn("logins"),
      base_dn: `ou=gone,${suffix}`,
      group_members_attr: "memberUid",
      group_member_filter: "(uid={})",
    },
    "Check base_dn",
  ],
])("%s fails the section, and check finds it", async (_title, more, hint) => {
  const run = await users(more);
  expect(run.code).toBe(3);
  expect(run.users).toEqual([]);
  const tried = await check("ldap", { ...options, ...more });
  expect(tried.code).toBe(3);
  expect(tried.stdout).toContain(hint);
});

test("--record-count ends the reading of a group", async () => {
  const run = await upload("ldap", { ...options, group_dn: groupDn("crew") }, [
    "--record-count",
    "5",
  ]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(5);
});

slow(
  "the server is killed among the members: what was read is delivered, the next run completes",
  async () => {
    await using victim = await startSlapd({ ldif: directoryLdif(3000) });
    const more = { ...options, url: victim.plain, group_dn: groupDn("crew") };
    let killed: Promise<void> | undefined;
    const run = await upload("ldap", more, ["--workers", "1"], async ({ path }) => {
      // Nothing more is sent, and so not much more is read, until it is gone.
      if (path.includes("/bulk")) await (killed ??= victim.kill());
    });
    await killed;
    const { fetched, sent, unreadable } = run.section.counts;
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain(`The connection to ${victim.plain} is lost`);
    expect(fetched).toBeLessThan(3000);
    expect(fetched).toBeGreaterThan(0);
    expect(unreadable).toBe(0);
    expect(sent).toBe(fetched);
    expect(run.records.map(({ USER }) => USER)).toEqual(
      Array.from({ length: fetched }, (_, index) => uidOf(index + 1)),
    );
    await victim.start();
    const next = await upload("ldap", more);
    expect(next.code).toBe(0);
    expect(next.section.counts).toMatchObject({ fetched: 3000, sent: 3000 });
  },
);
