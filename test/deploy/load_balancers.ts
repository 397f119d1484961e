/**
 * nginx and HAProxy for tests: Debian's programs with the configurations of the examples.
 *
 * @module
 */
import { join } from "node:path";
import { needPackage } from "../support/apt.ts";
import { answers, freePort } from "../support/ports.ts";
import type { Identity } from "../support/tds/certificate.ts";
import type { Workspace } from "../support/workspace.ts";
import { readExample } from "./examples.ts";

const programs = { nginx: "/usr/sbin/nginx", haproxy: "/usr/sbin/haproxy" };
needPackage(programs.nginx, "nginx");
needPackage(programs.haproxy, "haproxy");

/** Replaces texts that an example has, each of them everywhere; fails when one is not there. */
function replaceAll(text: string, others: Readonly<Record<string, string>>): string {
  return Object.entries(others).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`The example does not have ${from}`);
    return all.replaceAll(from, to);
  }, text);
}

/** A load balancer as an example sets it up, for two agents on this machine. */
export interface Balancer {
  readonly url: string;
  /** What it has printed so far. */
  readonly log: () => Promise<string>;
  /** Waits until an agent, the first (0) or the second (1), gets calls that are made from now on. */
  awaitCalls(agent: 0 | 1): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A configuration in the folder of a test, and how it is checked and used. */
interface Prepared {
  readonly check: readonly string[];
  readonly start: readonly string[];
  /** How each agent is called in the log, in the line of a call that it answered. */
  readonly names: readonly string[];
}

function prepareNginx(space: Workspace, port: number, agents: readonly number[]): Prepared {
  const [first, second] = agents;
  const path = space.write(
    "nginx.conf",
    replaceAll(readExample("compose/nginx.conf"), {
      "listen 443 ssl": `listen 127.0.0.1:${port} ssl`,
      "/run/secrets/tls_certificate": join(space.folder, "cert.pem"),
      "/run/secrets/tls_key": join(space.folder, "key.pem"),
      "172.28.0.11:8000": `127.0.0.1:${first}`,
      "172.28.0.12:8000": `127.0.0.1:${second}`,
    }),
  );
  const words = [programs.nginx, "-p", space.folder, "-c", path];
  const main = `pid ${join(space.folder, "nginx.pid")};`;
  return {
    check: [...words, "-g", main, "-t"],
    start: [...words, "-g", `${main} daemon off;`],
    names: agents.map((each) => `127.0.0.1:${each} 204`),
  };
}

function prepareHaproxy(space: Workspace, port: number, agents: readonly number[]): Prepared {
  const [first, second] = agents;
  const path = space.write(
    "haproxy.cfg",
    replaceAll(readExample("two-hosts/haproxy.cfg"), {
      "bind :443": `bind 127.0.0.1:${port}`,
      "/etc/haproxy/tls/hooks.pem": join(space.folder, "hooks.pem"),
      "/etc/haproxy/tls/agents-ca.pem": join(space.folder, "ca.pem"),
      "192.0.2.11:8443": `127.0.0.1:${first}`,
      "192.0.2.12:8443": `127.0.0.1:${second}`,
    }),
  );
  return {
    check: [programs.haproxy, "-c", "-f", path],
    start: [programs.haproxy, "-db", "-f", path],
    names: ["webhooks~ agents/agent-1 ", "webhooks~ agents/agent-2 "],
  };
}

/** How each of them is prepared. */
const preparations = { nginx: prepareNginx, haproxy: prepareHaproxy };

/** Writes a certificate where both find it. */
async function writeIdentity(space: Workspace, { cert, key, authority }: Identity): Promise<void> {
  space.write("cert.pem", cert);
  space.write("key.pem", key);
  space.write("hooks.pem", cert + key);
  space.write("ca.pem", await Bun.file(authority).text());
}

/** Runs a program that prints into a file: nginx opens its outputs again by name, which no pipe allows. */
function run(space: Workspace, words: readonly string[]) {
  const path = space.write("printed", "");
  const printed = Bun.file(path);
  const child = Bun.spawn([...words], { stdin: "ignore", stdout: printed, stderr: printed });
  return { child, log: () => Bun.file(path).text() };
}

/** Has a load balancer check the configuration of its example; gives what it says against it. */
export async function checkBalancer(
  kind: keyof typeof preparations,
  space: Workspace,
  identity: Identity,
): Promise<string> {
  await writeIdentity(space, identity);
  const { check } = preparations[kind](space, await freePort(), [1, 2]);
  const { child, log } = run(space, check);
  return await child.exited === 0 ? "" : await log();
}

/** Starts a load balancer before two agents. */
export async function startBalancer(
  kind: keyof typeof preparations,
  space: Workspace,
  identity: Identity,
  agents: readonly number[],
): Promise<Balancer> {
  await writeIdentity(space, identity);
  const port = await freePort();
  const { start, names } = preparations[kind](space, port, agents);
  const { child, log } = run(space, start);
  while (!await answers(port)) {
    if (child.exitCode !== null) throw new Error(`${kind} does not start: ${await log()}`);
    await Bun.sleep(10);
  }
  return {
    url: `https://localhost:${port}`,
    log,
    async awaitCalls(agent) {
      const count = async () => (await log()).split(names[agent] ?? "").length;
      for (const before = await count(); await count() === before;) await Bun.sleep(20);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
