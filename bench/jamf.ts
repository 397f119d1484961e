/**
 * Jamf Pro with answers of 20 ms: the details of 500 computers from the Classic API, and whole pages of
 * the Jamf Pro API, beside a loop that asks for the same details five at a time.
 *
 * @module
 */
import { asUser } from "../test/sources/casper/section.ts";
import { credentials } from "../test/sources/casper/server.ts";
import { forgetState, runSection, writeIni } from "./program.ts";
import type { Figures, Row } from "./row.ts";
import { spawnServer, startCountingServer, token } from "./server.ts";

const computers = 500;
const answerMs = 20;

function startJamfServer() {
  return spawnServer("vendor_server.ts", ["jamf", String(computers), "1", String(answerMs)]);
}

async function uploadComputers(program: string, options: string): Promise<Figures> {
  const server = await startCountingServer("SERIAL");
  const vendor = await startJamfServer();
  const ini = writeIni(
    "jamf",
    `[oomnitza]\nurl = ${server.url}\napi_token = ${token}
[casper]\nenable = True\nurl = ${vendor.url}/jss\n${asUser}sync_field = SERIAL
mapping.SERIAL = general.serial_number\nmapping.NAME = general.name\n${options}`,
  );
  try {
    forgetState();
    const { ms, cpuUs, peakMb } = await runSection(program, { section: "casper", ini });
    const { records } = await server.count();
    if (records !== computers) throw new Error(`${records} computers arrived, not ${computers}`);
    return { "s": ms / 1000, "µs of CPU a record": cpuUs / computers, "MB": peakMb };
  } finally {
    server.stop();
    vendor.child.kill();
  }
}

/** What a loop that does nothing else takes for the list and the details, so many at a time. */
async function loop(lanes: number): Promise<Figures> {
  const vendor = await startJamfServer();
  const login = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  try {
    const begun = performance.now();
    const answer = await fetch(`${vendor.url}/jss/api/v1/auth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${login}` },
    });
    const { token: bearer } = await answer.json() as { token: string };
    const headers = { authorization: `Bearer ${bearer}`, accept: "application/json" };
    const list = await fetch(`${vendor.url}/jss/JSSResource/computers`, { headers });
    const ids = (await list.json() as { computers: { id: number }[] }).computers.values();
    await Promise.all(Array.from({ length: lanes }, async () => {
      for (const { id } of ids) {
        const detail = await fetch(`${vendor.url}/jss/JSSResource/computers/id/${id}`, { headers });
        if (!detail.ok) throw new Error(`computer ${id}: HTTP ${detail.status}`);
        await detail.json();
      }
    }));
    return { "s": (performance.now() - begun) / 1000 };
  } finally {
    vendor.child.kill();
  }
}

function jamfRow(name: string, options: string, lanes: number): Row {
  return {
    name: `jamf: ${computers} computers, ${answerMs} ms an answer, ${name}`,
    measure: (program) => uploadComputers(program, options),
    reference: { name: `a loop, ${lanes} at a time`, measure: () => loop(lanes) },
  };
}

/** The rows; `concurrency` and `api` are read by builds since they have these options. */
export const jamfRows: readonly Row[] = [
  jamfRow("as it comes", "", 5),
  jamfRow("concurrency = 10", "concurrency = 10\n", 10),
  jamfRow("api = pro", "api = pro\n", 5),
];
