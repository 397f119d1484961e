/**
 * The Compose file and the image: that their parts fit each other, and the agent.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { targets } from "../../scripts/binary/targets.ts";
import { parsePgUrl } from "../../src/state/postgres/target.ts";
import { checkExample } from "../support/example_config.ts";
import {
  at,
  folder,
  listAt,
  namesAt,
  readExample,
  referenced,
  secondsToEnd,
  serveLine,
  written,
} from "./examples.ts";

const compose = Bun.YAML.parse(readExample("compose/docker-compose.yml"));
const ini = readExample("compose/config.ini");
const nginx = readExample("compose/nginx.conf");
const dockerfile = readExample("Dockerfile");
const agents = ["agent-1", "agent-2"].map((name) => at(compose, `services.${name}`));
const addressOf = (name: string) =>
  String(at(compose, `services.${name}.networks.agents.ipv4_address`));

/** The words of the line of the Dockerfile that begins with an instruction. */
function instruction(name: string): string {
  const lines = dockerfile.split("\n").filter((line) => line.startsWith(`${name} `));
  expect(lines).toHaveLength(1);
  return lines[0]?.slice(name.length + 1) ?? "";
}

describe("the image", () => {
  test("has the program that the build makes, and starts it", () => {
    const program = instruction("ARG").replace("PROGRAM=", "");
    expect(targets.map(({ file }) => file)).toContain(program);
    const [mode, from, to = ""] = instruction("COPY").split(" ");
    expect([mode, from]).toEqual(["--chmod=0755", "${PROGRAM}"]);
    expect(JSON.parse(instruction("ENTRYPOINT"))).toEqual([to]);
    expect(instruction("FROM")).toMatch(/^debian:\d+-slim$/);
  });

  test("runs as an account of its own that owns its folder", () => {
    const [user, group] = instruction("USER").split(":");
    expect(user).toBe("65532");
    const owned = instruction("RUN");
    expect(owned).toContain(`--owner=${user} --group=${group} --mode=0700`);
    expect(owned).toEndWith(instruction("WORKDIR"));
  });
});

describe("the Compose file", () => {
  test("names nothing that it does not have", () => {
    for (const [name, service] of Object.entries(at(compose, "services") as object)) {
      for (const secret of listAt(service, "secrets")) {
        expect(namesAt(compose, "secrets")).toContain(String(secret));
      }
      for (const mount of listAt(service, "volumes").map(String)) {
        const [from = ""] = mount.split(":");
        if (from.startsWith("./")) expect(existsSync(join(folder, "compose", from))).toBe(true);
        else expect(namesAt(compose, "volumes")).toContain(from);
      }
      const others = at(service, "depends_on");
      const names = Array.isArray(others) ? others : namesAt({ others }, "others");
      for (const other of names) expect(namesAt(compose, "services")).toContain(String(other));
      expect(addressOf(name)).toMatch(/^172\.28\.0\.\d+$/);
    }
    const addresses = namesAt(compose, "services").map(addressOf);
    expect(new Set(addresses).size).toBe(4);
    expect(at(compose, "networks.agents.ipam.config.0.subnet")).toBe("172.28.0.0/24");
  });

  test("has two agents that differ by their volume and address only", () => {
    const [first, second] = agents.map((agent) => ({
      ...agent as object,
      networks: undefined,
      volumes: listAt(agent, "volumes").filter((each) => !/^agent-\d:/.test(String(each))),
    }));
    expect(second).toEqual(first);
    const own = agents.flatMap((agent) => listAt(agent, "volumes").map(String))
      .filter((each) => /^agent-\d:/.test(each));
    expect(own).toEqual([
      "agent-1:/var/lib/oomnitza-agent",
      "agent-2:/var/lib/oomnitza-agent",
    ]);
  });

  test("builds the image from the folder that the build makes", () => {
    const build = at(agents[0], "build");
    const context = join(folder, "compose", String(at(build, "context")));
    expect(relative(dirname(folder), context)).toBe("dist");
    expect(join(context, String(at(build, "dockerfile")))).toBe(join(folder, "Dockerfile"));
  });

  test("gives the agents no rights, and time to end", () => {
    for (const agent of agents) {
      expect(agent).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
      const grace = /^(\d+)s$/.exec(String(at(agent, "stop_grace_period")))?.[1];
      expect(Number(grace)).toBeGreaterThan(secondsToEnd(ini).all);
    }
  });

  test("runs the agent with its files where they are mounted", () => {
    const line = serveLine(listAt(agents[0], "command") as readonly string[]);
    const mounts = listAt(agents[0], "volumes").map((each) => String(each).split(":"));
    expect(mounts.find(([from]) => from === "./config.ini")?.[1]).toBe(String(line.ini));
    expect(dirname(String(line.state))).toBe("/var/lib/oomnitza-agent");
    expect(dirname(written(ini, "state", "spool") ?? "")).toBe("/var/lib/oomnitza-agent");
    expect(line.host).toBe("0.0.0.0");
  });
});

describe("the configuration for Compose", () => {
  test("has no mistakes, and the secrets that the agents are given", () => {
    expect(checkExample(ini).findings).toEqual([]);
    expect(referenced(ini, "file:/run/secrets/"))
      .toEqual(listAt(agents[0], "secrets").map(String).sort());
    const readme = readExample("compose/README.md");
    for (const name of namesAt(compose, "secrets")) {
      expect(at(compose, `secrets.${name}.file`)).toBe(`./secrets/${name}`);
      expect(readme).toContain(`secrets/${name}`);
    }
  });

  test("reaches PostgreSQL as it is set up", () => {
    const server = parsePgUrl(written(ini, "state", "url") ?? "");
    const postgres = at(compose, "services.postgres.environment");
    expect(server.host).toBe(addressOf("postgres"));
    expect([server.user, server.database])
      .toEqual([at(postgres, "POSTGRES_USER"), at(postgres, "POSTGRES_DB")].map(String) as never);
    expect(at(postgres, "POSTGRES_PASSWORD_FILE"))
      .toBe(written(ini, "state", "password")?.replace(/^\$\{file:|\}$/g, ""));
  });

  test("believes nginx alone, which passes calls to both agents and looks at both", () => {
    expect(written(ini, "serve", "trusted_proxies")).toBe(addressOf("nginx"));
    const servers = [...nginx.matchAll(/^\s*server (\S+:\d+) /gm)].map(([, server]) => server);
    const { port } = serveLine(listAt(agents[0], "command") as readonly string[]);
    expect(servers).toEqual(["agent-1", "agent-2"].map((name) => `${addressOf(name)}:${port}`));
    const body = /client_max_body_size (\d+)k;/.exec(nginx)?.[1];
    const limit = written(ini, "serve", "body_limit_kb") ?? "256";
    expect(body).toBe(limit);
    const published = listAt(compose, "services.nginx.ports").map((each) => String(each));
    expect(published).toEqual(["443:443"]);
    expect(nginx).toContain("listen 443 ssl;");
    for (const name of ["tls_certificate", "tls_key"]) {
      expect(nginx).toContain(`/run/secrets/${name};`);
      expect(listAt(compose, "services.nginx.secrets")).toContain(name);
    }
  });
});
