/**
 * CyberArk Conjur, in the compiled program.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { tagsOnly } from "../support/workspace.ts";
import { startConjur } from "./conjur_server.ts";
import { uploadWith } from "./section.ts";
import { slow } from "../support/slow.ts";

const token = "Canary-oomnitza-token";
const apiKey = "Canary-api-key+/1";
const server = {
  account: "example org",
  login: "host/apps/agent",
  apiKey,
  variables: { "prod/oomnitza token": token, "csv_assets/sync_field": "BARCODE", "prod/empty": "" },
  forbidden: ["prod/closed"],
};

function rest(url: string, extra = "", key = apiKey): string {
  return `${tagsOnly}${extra}\n[cyberark]\nurl = ${url}/\naccount = ${server.account}\nlogin = ${server.login}\napi_key = ${key}\n`;
}

test("a variable is read, ids and logins with slashes too, and one token serves all", async () => {
  await using conjur = startConjur({ ...server, uses: 1 });
  const extra = "vault_backend = cyberark\nvault_keys = sync_field\n";
  const run = await uploadWith("${cyberark:prod/oomnitza token}", {
    rest: rest(conjur.url, extra),
  });
  expect(run.code).toBe(0);
  expect(run.tokens).toEqual([token]);
  expect(run.stdout + run.stderr).not.toContain("Canary");
  // A token that has ended is asked for again.
  expect(conjur.calls.filter(({ path }) => path.endsWith("/authenticate")).length).toBeLessThan(4);
  expect(conjur.unused()).toEqual([]);
  expect(conjur.unexpected).toEqual([]);
});

slow("what can be wrong is reported in one sentence each, with what to do", async () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      "prod/none",
      apiKey,
      /Conjur has no value of prod\/none in the account example org\. Check the id/,
    ],
    ["prod/empty", apiKey, /the secret is empty/],
    [
      "prod/closed",
      apiKey,
      /does not allow the login to read prod\/closed \(403\). Grant it read and execute/,
    ],
    [
      "prod/x",
      "Canary-wrong",
      /Conjur refuses host\/apps\/agent of example org \(401\)\. Check login and api_key/,
    ],
  ];
  for (const [id, key, expected] of wrong) {
    await using conjur = startConjur(server);
    const run = await uploadWith(`\${cyberark:${id}}`, { rest: rest(conjur.url, "", key) });
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).not.toContain("Canary");
    expect(run.code).toBe(1);
  }
  const closed = startConjur(server);
  await closed.stop();
  const away = await uploadWith("${cyberark:x}", { rest: rest(closed.url), timeoutMs: 60_000 });
  expect(away.stderr).toMatch(/Conjur cannot be reached/);
  expect((await uploadWith("${cyberark:x}")).stderr).toMatch(/Add a section \[cyberark\] with url/);
  const keyless = rest("http://127.0.0.1:1").replace(/api_key.*\n/, "");
  const run = await uploadWith("${cyberark:x}", { rest: keyless });
  expect(run.stderr).toMatch(/\[cyberark\] api_key: is required/);
});
