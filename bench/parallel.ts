/**
 * Sections side by side, whose vendors take 50 ms for each answer, beside the slowest of them alone.
 *
 * @module
 */
import { token as oktaToken } from "../test/sources/okta/server.ts";
import { forgetState, runProgram, statePath, writeIni } from "./program.ts";
import type { Row } from "./row.ts";
import { spawnServer, startCountingServer, token } from "./server.ts";

const sections = 8;
const people = 10_000;
const answerMs = 50;

/** All at once, as a multiple of one alone. */
export const parallelRow: Row = {
  name: `parallel: ${sections} sections of ${people} people, ${answerMs} ms an answer`,
  async measure(program) {
    const server = await startCountingServer("USER");
    const words = ["okta", String(people), String(sections), String(answerMs)];
    const vendor = await spawnServer("vendor_server.ts", words);
    const names = vendor.url.split(" ").map((_, index) => `okta.${index}`);
    const ini = writeIni(
      "parallel",
      `[oomnitza]\nurl = ${server.url}\napi_token = ${token}\n` +
        vendor.url.split(" ").map((url, index) =>
          `[okta.${index}]\nenable = True\nurl = ${url}\napi_token = ${oktaToken}
default_role = 25\ndefault_position = Employee\nrequests_per_minute = 1000000\n`
        ).join(""),
    );
    const common = ["--ini", ini, "--singleton", "0", "--quiet", "--state", statePath];
    try {
      forgetState();
      const alone = await runProgram(program, ["upload", names[0] ?? "", ...common]);
      forgetState();
      const all = await runProgram(program, [
        "upload",
        ...names,
        "--parallel",
        String(sections),
        ...common,
      ]);
      return {
        "s": all.ms / 1000,
        "times one section alone": all.ms / alone.ms,
        "s of CPU": all.cpuUs / 1e6,
      };
    } finally {
      server.stop();
      vendor.child.kill();
    }
  },
};
