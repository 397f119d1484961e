/**
 * The agent as a service of Wine's service manager: registered with the command line that
 * `agent service install` gives it, started, spoken to, stopped, and seen to fail.
 *
 * @module
 */
import { windowsPath, type Wine } from "./prefix.ts";

interface Step {
  readonly kind: string;
  readonly command?: readonly string[];
}

const name = "OomnitzaAgent";
/** Wine ends its services with the last program that a person started: this one stays. */
const company = ["ping", "-n", "100", "127.0.0.1"];

/** Throws with what was seen when the service does not do as services do. */
export async function checkService(wine: Wine, agent: string, port: number): Promise<void> {
  const here = wine.run(company, { timeoutMs: 110_000 });
  try {
    const create = await createCommand(wine, agent);
    const at = create.indexOf("binPath=") + 1;
    // Under Wine the account of a service means nothing; what runs is the stand-in, which needs no
    // configuration, in place of the server.
    const standIn = `__service stand-in --port ${port} --token wine`;
    await must(wine, create.with(at, (create[at] ?? "").replace(/__service serve .*/, standIn)));
    await mustStartAndStop(wine, port);
    await must(wine, ["sc", "delete", name]);
    const failing = `"${agent}" __service upload --ini ${windowsPath("/gone.ini")}`;
    await must(wine, create.with(at, failing));
    await must(wine, ["net", "start", name]);
    await waitFor(wine, /STATE\s*: 1 [^]*SERVICE_EXIT_CODE\s*: 1 /);
    console.log("wine: the service starts, answers, stops, and tells of its failure");
  } finally {
    await wine.run(["taskkill", "/f", "/im", "ping.exe"]);
    await here;
  }
}

async function mustStartAndStop(wine: Wine, port: number): Promise<void> {
  await must(wine, ["net", "start", name]);
  await waitFor(wine, /STATE\s*: 4 /);
  const url = `http://127.0.0.1:${port}/stand-in/state`;
  const answer = await answerOf(url);
  if (answer !== 200) throw new Error(`The service answers ${answer}.`);
  await must(wine, ["net", "stop", name]);
  await waitFor(wine, /STATE\s*: 1 [^]*WIN32_EXIT_CODE\s*: 0 /);
  if (await fetch(url).then(() => true, () => false)) throw new Error("It was not stopped.");
}

/** The status of the answer, waiting up to ten seconds for the service to be there. */
async function answerOf(url: string): Promise<number> {
  for (let attempt = 1;; attempt++) {
    try {
      return (await fetch(url, { headers: { Authorization2: "wine" } })).status;
    } catch (error) {
      if (attempt === 50) throw error;
      await Bun.sleep(200);
    }
  }
}

/** What `agent service install` would run to register the service. */
async function createCommand(wine: Wine, agent: string): Promise<string[]> {
  const words = [agent, "service", "install", "--dry-run", "--output", "json"];
  const { steps } = JSON.parse(await must(wine, words)) as { steps: readonly Step[] };
  const create = steps.find(({ command }) => command?.[1] === "create")?.command;
  if (create === undefined) throw new Error("service install does not register anything.");
  return [...create];
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
