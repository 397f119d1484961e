/**
 * `agent doctor` finds what is wrong on the way from the configuration to Oomnitza, and says what to do.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { startStandIn } from "../support/stand_in/mod.ts";
import { freePort } from "../support/tls_server.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

const token = "canary-token-of-the-doctor";

interface Check {
  readonly area: string;
  readonly subject: string;
  readonly state: "ok" | "warning" | "failed" | "skipped";
  readonly found: string;
  readonly todo: string | null;
}

function configure(space: Workspace, url: string, extra = "", sections = tagsOnly): void {
  space.write("assets.csv", "tag\nT1\n");
  const ini = space.write("config.ini", oomnitzaSection({ url, token }, extra) + sections);
  chmodSync(ini, 0o600);
}

/** Runs the doctor; its checks, and a way to find one of them. */
async function examine(
  space: Workspace,
  words: readonly string[] = [],
  env = {},
  how: "agent" | "binary" = "agent",
) {
  const run = await space[how](
    ["doctor", "--ini", "config.ini", "--log-dir", space.folder, "--output", "json", ...words],
    { env },
  );
  expect(run.stdout + run.stderr).not.toContain(token);
  const checks: readonly Check[] = JSON.parse(run.stdout).checks;
  const of = (area: string, subject: string) =>
    checks.filter((check) => check.area === area && check.subject === subject);
  return { ...run, checks, of };
}

async function standInWith(token: string) {
  const standIn = await startStandIn({ token });
  return { ...standIn, [Symbol.asyncDispose]: () => standIn.stop() };
}

/** A server that answers everything in one way, with what the requests were. */
function serveAlways(answer: (path: string) => Response) {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      return answer(pathname);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

describe("agent doctor", () => {
  test("finds nothing wrong where nothing is, and sends nothing", async () => {
    await using standIn = await standInWith(token);
    using space = workspace();
    configure(space, standIn.url);
    expect((await space.agent(["upload", "csv_assets", "--ini", "config.ini"])).code).toBe(0);
    const before = standIn.state.counters.received;
    // From its sources, the program itself is a warning.
    const run = await examine(space, [], {}, "binary");
    expect(run.checks.filter(({ state }) => state !== "ok" && state !== "skipped")).toEqual([]);
    expect(run.code).toBe(0);
    for (const area of ["configuration", "permissions", "disk", "proxy", "credentials", "rights"]) {
      expect(run.checks.map((check) => check.area)).toContain(area);
    }
    expect(run.of("source", "csv_assets")[0]?.found).toBe("CSV assets can be read");
    expect(run.of("fields", "csv_assets")[0]?.found).toBe("Oomnitza knows all 1 mapped fields");
    expect(run.of("state file", join(space.folder, "agent-state.sqlite"))[0]?.found)
      .toContain("1 runs, 0 records waiting, 0 refused");
    expect(standIn.state.counters.received).toBe(before);
  });

  test("shows people the same, and how much of it", async () => {
    await using standIn = await standInWith(token);
    using space = workspace();
    configure(space, standIn.url);
    const run = await space.agent(["doctor", "--ini", "config.ini"]);
    expect(run.stdout).toContain(`ok      credentials [oomnitza] ${standIn.url} accepts`);
    expect(run.stdout).toMatch(/\d+ checks: 0 failed, \d+ warnings, \d+ skipped\n$/);
    expect(run.code).toBe(0);
  });

  test("--offline asks nobody", async () => {
    await using server = serveAlways(() => new Response("", { status: 500 }));
    using space = workspace();
    configure(space, server.url);
    const run = await examine(space, ["--offline"]);
    expect(run.code).toBe(0);
    expect(run.of("network", "all")[0]?.state).toBe("skipped");
    expect(server.asked).toEqual([]);
  });
});

describe("agent doctor on this machine", () => {
  test("a configuration that others can read: a warning with the command", async () => {
    using space = workspace();
    configure(space, "http://127.0.0.1:1");
    chmodSync(join(space.folder, "config.ini"), 0o644);
    const run = await examine(space, ["--offline"]);
    const [finding] = run.of("configuration", join(space.folder, "config.ini"));
    expect(finding?.state).toBe("warning");
    expect(finding?.todo).toContain("chmod 600");
    expect(run.code).toBe(0);
  });

  test("mistakes in the configuration, each with its line", async () => {
    using space = workspace();
    configure(space, "http://127.0.0.1:1", "", `${tagsOnly}verify_ssl = fasle\nfilenaem = x\n`);
    for (const words of [[], ["--offline"]]) {
      const run = await examine(space, words);
      const file = join(space.folder, "config.ini");
      expect(run.code).toBe(3);
      expect(run.of("configuration", `${file}:10`)[0]).toMatchObject({ state: "failed" });
      expect(run.of("configuration", `${file}:11`)[0]).toMatchObject({ state: "warning" });
    }
  });

  test("no configuration at all", async () => {
    using space = workspace();
    const run = await examine(space);
    expect(run.code).toBe(3);
    const [finding] = run.of("configuration", join(space.folder, "config.ini"));
    expect(finding).toMatchObject({ state: "failed" });
    expect(finding?.todo).toContain("generate-ini");
  });

  test("a state file that is none, and a folder that is not there", async () => {
    using space = workspace();
    configure(space, "http://127.0.0.1:1");
    space.write("agent-state.sqlite", "not a database, but long enough to be looked at as one\n");
    const run = await examine(space, [
      "--offline",
      "--log-dir",
      join(space.folder, "none", "here"),
    ]);
    expect(run.code).toBe(3);
    const [state] = run.of("state file", join(space.folder, "agent-state.sqlite"));
    expect(state).toMatchObject({ state: "failed" });
    expect(state?.todo).toContain("--state");
    expect(run.of("permissions", join(space.folder, "none", "here"))[0]?.state).toBe("failed");
  });
});

describe("agent doctor on the way", () => {
  test("a name that is not found", async () => {
    using space = workspace();
    configure(space, "https://no-such-host.invalid");
    const run = await examine(space);
    expect(run.code).toBe(3);
    const [finding] = run.of("dns", "oomnitza");
    expect(finding?.found).toContain("no-such-host.invalid is not found");
    expect(finding?.todo).toContain("name servers");
  });

  test("a port where nobody listens, and a proxy where nobody is", async () => {
    using space = workspace();
    const port = await freePort();
    configure(space, `http://127.0.0.1:${port}`);
    const direct = await examine(space);
    expect(direct.of("connection", "oomnitza")[0]?.found).toContain(`127.0.0.1:${port}`);
    const env = { HTTP_PROXY: `http://me:canary-of-the-proxy@127.0.0.1:${port}` };
    const run = await examine(space, [], env);
    expect(run.of("proxy", "oomnitza")[0]?.found).toContain(`through 127.0.0.1:${port}`);
    expect(run.of("connection", "oomnitza")[0]?.state).toBe("failed");
    expect(run.stdout + run.stderr).not.toContain("canary-of-the-proxy");
  });

  test("a certificate that nobody vouches for, and one that ends soon", async () => {
    using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
    const { cert, key } = identity;
    const server = Bun.serve({ port: 0, tls: { cert, key }, fetch: () => Response.json({}) });
    using space = workspace();
    const url = `https://localhost:${server.port}`;
    configure(space, url);
    const [bad] = (await examine(space)).of("tls", "oomnitza");
    expect(bad).toMatchObject({ state: "failed" });
    expect(bad?.todo).toContain("cacert_file");
    configure(space, url, `cacert_file = ${identity.authority}`);
    const [soon] = (await examine(space)).of("tls", "oomnitza");
    expect(soon).toMatchObject({ state: "warning" });
    expect(soon?.found).toMatch(/TLSv1\.3, certificate by Test authority until .*: in 1 days/);
    configure(space, url, "verify_ssl = False");
    const [off] = (await examine(space)).of("tls", "oomnitza");
    expect(off?.found).toContain("verify_ssl is off");
    await server.stop(true);
  });

  test.each([[-600, "failed", "ahead of"], [120, "warning", "behind"], [5, "ok", "agrees"]])(
    "a clock that is %d seconds off",
    async (seconds, state, words) => {
      const server = createServer((_request, response) => {
        response.sendDate = false;
        response.setHeader("Date", new Date(Date.now() + Number(seconds) * 1000).toUTCString());
        response.end("{}");
      });
      const port = await freePort();
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      using space = workspace();
      configure(space, `http://127.0.0.1:${port}`);
      const [clock] = (await examine(space)).of("clock", "oomnitza");
      server.close();
      server.closeAllConnections();
      expect(clock?.state).toBe(state as Check["state"]);
      expect(clock?.found).toContain(words);
    },
  );
});

describe("agent doctor in Oomnitza and in the sources", () => {
  test("credentials that are refused", async () => {
    await using standIn = await standInWith("another");
    using space = workspace();
    configure(space, standIn.url);
    const run = await examine(space);
    expect(run.code).toBe(3);
    expect(run.of("credentials", "oomnitza")[0]).toMatchObject({ state: "failed" });
    expect(run.of("credentials", "oomnitza")[0]?.todo).toContain("api_token");
  });

  test("an account that may not upload", async () => {
    await using server = serveAlways((path) =>
      path.startsWith("/api/v3/bulk") ? new Response("{}", { status: 403 }) : Response.json({})
    );
    using space = workspace();
    configure(space, server.url);
    const run = await examine(space);
    expect(run.code).toBe(3);
    expect(run.of("credentials", "oomnitza")[0]?.state).toBe("ok");
    expect(run.of("rights", "oomnitza")[0]?.state).toBe("failed");
    expect(server.asked.every((line) => /^(GET|HEAD) /.test(line))).toBe(true);
  });

  test("a source that cannot be read, and a field that Oomnitza does not know", async () => {
    await using standIn = await standInWith(token);
    using space = workspace();
    configure(space, standIn.url);
    expect((await space.agent(["upload", "csv_assets", "--ini", "config.ini"])).code).toBe(0);
    const section = `${tagsOnly}mapping.MODLE = tag\n`;
    configure(space, standIn.url, "", section.replace("assets.csv", "nowhere.csv"));
    const run = await examine(space);
    expect(run.code).toBe(3);
    expect(run.of("source", "csv_assets")[0]?.state).toBe("failed");
    const [fields] = run.of("fields", "csv_assets");
    expect(fields?.state).toBe("warning");
    expect(fields?.found).toContain("have MODLE");
  });
});
