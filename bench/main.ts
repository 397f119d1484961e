/**
 * `npm run bench`: throughput, memory and start-up of the compiled binary, each beside a reference.
 *
 * Names as arguments run only those: `start-up`, `throughput`, `state`, `delta`, `user-code`,
 * `sandbox`, `webhook`, `memory`; `delta-large` and `history` run only when they are named.
 *
 * @module
 */
import { binaryPath } from "../test/support/binary.ts";
import { measureDelta } from "./delta.ts";
import { measureHistory } from "./history.ts";
import { measureStartUp } from "./start_up.ts";
import { measureWebhook } from "./webhook.ts";
import { measureState, measureThroughput, measureUserCode } from "./throughput.ts";

const chosen = process.argv.slice(2);
function isChosen(name: string): boolean {
  return chosen.length === 0 || chosen.includes(name);
}

const binary = await binaryPath();
if (isChosen("start-up")) measureStartUp(binary, 40);
if (isChosen("throughput")) await measureThroughput(binary, 100_000, 5);
if (isChosen("state")) await measureState(binary, 100_000, 7);
if (isChosen("delta")) await measureDelta(binary, 100_000);
if (chosen.includes("delta-large")) await measureDelta(binary, 1_000_000);
if (isChosen("user-code")) await measureUserCode(binary, 100_000, 3);
if (isChosen("sandbox")) await import("./sandbox.ts");
if (chosen.includes("history")) {
  await measureHistory(binary, { sections: 300, runs: 1000, answers: 20_000 }, 60);
}
if (isChosen("webhook")) await measureWebhook(binary, 20_000, 5);
if (isChosen("memory")) {
  const small = await measureThroughput(binary, 100_000, 2, "counts");
  const large = await measureThroughput(binary, 1_000_000, 1, "counts");
  console.log(
    `memory: 1,000,000 rows peak at ${(large / small).toFixed(2)} times the peak of 100,000`,
  );
}
