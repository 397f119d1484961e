/**
 * The agent as a service of Wine's service manager: registered as `agent service install` says,
 * started, queried, examined, stopped and removed by `agent service`, and seen to fail.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { windowsPath, type Wine } from "./prefix.ts";

interface Step {
  readonly kind: string;
  readonly path?: string;
  readonly command?: readonly string[];
}

export interface ServiceCheck {
  /** The program, as Windows names it. */
  readonly agent: string;
  /** A port that is free. */
  readonly port: number;
  /** An instance of Oomnitza to talk to. */
  readonly instance: { readonly url: string; readonly token: string };
}

const name = "OomnitzaAgent";

/** Throws with what was seen when the service does not do as services do. */
export async function checkService(wine: Wine, check: ServiceCheck): Promise<void> {
  const create = await register(wine, check);
  await mustServe(wine, check);
  const at = create.indexOf("binPath=") + 1;
  const failing = `"${check.agent}" __service upload --ini ${windowsPath("/gone.ini")}`;
  await must(wine, create.with(at, failing));
  await must(wine, ["net", "start", name]);
  await waitFor(wine, /STATE\s*: 1 [^]*SERVICE_EXIT_CODE\s*: 1 /);
  await must(wine, ["sc", "delete", name]);
  await mustSayWhy(wine, check, create);
  console.log("wine: the service starts, answers, logs, stops, goes, and reports its failure");
}

/** A service that fails before its log is open: why is in the log of the service all the same. */
async function mustSayWhy(wine: Wine, { agent }: ServiceCheck, create: readonly string[]) {
  await put(wine, "C:\\ProgramData\\Oomnitza Agent\\logging.json", "{ broken");
  await must(wine, create);
  await wine.run(["net", "start", name]);
  await waitFor(wine, /STATE\s*: 1 [^]*SERVICE_EXIT_CODE\s*: 1 /);
  const log = await must(wine, [agent, "service", "logs", "--lines", "3"]);
  if (!/ERROR agent: .*logging\.json/.test(log)) throw new Error(`Nothing says why:\n${log}`);
  await must(wine, ["sc", "delete", name]);
}

/** Does what `agent service install` would do, but for what Wine 8 lacks: rights and restarts. */
async function register(wine: Wine, { agent, port, instance }: ServiceCheck): Promise<string[]> {
  const words = ["service", "install", "--port", String(port), "--dry-run", "--output", "json"];
  const { steps } = JSON.parse(await must(wine, [agent, ...words])) as { steps: readonly Step[] };
  await must(wine, [agent, "service", "prepare"]);
  // Once more, on folders that are there.
  await must(wine, [agent, "service", "prepare"]);
  for (const { path } of steps.filter(({ kind }) => kind === "folder" || kind === "write")) {
    await must(wine, ["cmd", "/c", "dir", path ?? ""]);
  }
  const ini = `[oomnitza]
url = ${instance.url}
api_token = ${instance.token}
[casper]
enable = True
url = http://127.0.0.1:9
username = reader
password = x
sync_field = SERIAL_NUMBER
mapping.SERIAL_NUMBER = general.serial_number
`;
  await put(wine, "C:\\ProgramData\\Oomnitza Agent\\config.ini", ini);
  const create = steps.find(({ command }) => command?.[1] === "create")?.command;
  if (create === undefined) throw new Error("service install does not register anything.");
  // Wine's sc.exe knows no delayed start.
  const known = create.map((word) => word === "delayed-auto" ? "auto" : word);
  await must(wine, known);
  return known;
}

async function put(wine: Wine, path: string, text: string): Promise<void> {
  const draft = join(wine.folder, "draft");
  writeFileSync(draft, text);
  await must(wine, ["cmd", "/c", "copy", windowsPath(draft), path]);
}

async function mustServe(wine: Wine, { agent, port }: ServiceCheck): Promise<void> {
  const url = `http://127.0.0.1:${port}/healthz`;
  await mustStart(wine, agent);
  const answer = await answerOf(url);
  if (answer !== 200) throw new Error(`The service answers ${answer}.`);
  const state = await must(wine, ["sc", "query", name]);
  if (!/STATE\s*: 4 /.test(state)) throw new Error(`It answers, and is not running:\n${state}`);
  await must(wine, [agent, "service", "status"]);
  const log = await must(wine, [agent, "service", "logs", "--lines", "5"]);
  if (!/INFO agent: Listening on http:\/\/127\.0\.0\.1:\d+\r?\n/.test(log)) {
    throw new Error(`This is not the log of the service:\n${log}`);
  }
  await must(wine, [agent, "service", "stop"]);
  await waitFor(wine, /STATE\s*: 1 [^]*WIN32_EXIT_CODE\s*: 0 /);
  if (await fetch(url).then(() => true, () => false)) throw new Error("It was not stopped.");
  const { code, stdout } = await wine.run([agent, "service", "status"]);
  if (code !== 3) throw new Error(`Its status is exit ${code}:\n${stdout}`);
  await must(wine, [agent, "service", "uninstall"]);
  if ((await wine.run(["sc", "query", name])).code === 0) throw new Error("It is still there.");
}

/** Wine's service manager is locked, or does not answer, while a busy machine starts its own services. */
async function mustStart(wine: Wine, agent: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const { code, stdout, stderr } = await wine.run([agent, "service", "start"]);
    if (code === 0) return;
    if (attempt === 10) throw new Error(`agent service start: exit ${code}\n${stdout}${stderr}`);
    await Bun.sleep(2_000);
  }
}

/** The status of the answer, waiting up to twenty seconds for the service to be there. */
async function answerOf(url: string): Promise<number> {
  for (let attempt = 1;; attempt++) {
    try {
      return (await fetch(url)).status;
    } catch (error) {
      if (attempt === 100) throw error;
      await Bun.sleep(200);
    }
  }
}

async function waitFor(wine: Wine, state: RegExp): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const { stdout } = await wine.run(["sc", "query", name]);
    if (state.test(stdout)) return;
    if (attempt === 30) throw new Error(`The service is not ${state}:\n${stdout}`);
    await Bun.sleep(300);
  }
}

async function must(wine: Wine, command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await wine.run(command);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")}: exit ${code}\n${stdout}${stderr}`);
}
