/**
 * A process that holds section `a` and has begun a run of it. It prints `held`, `lost` when its hold is over,
 * and for each line of its input what became of a write.
 *
 * `bun holding_process.ts URL TENANT LEASE_MS`
 *
 * @module
 */
import { beginRun } from "../conformance/open_state.ts";
import { hold } from "../conformance/holds.ts";
import { connect, openTenant } from "./states.ts";

const [url = "", tenant = "", leaseMs = ""] = process.argv.slice(2);
const state = await openTenant(connect(url, 2), tenant, Number(leaseMs));
const { signal } = await hold(state, "a");
const run = await beginRun(state, "a");
signal.addEventListener("abort", () => console.log("lost"));
console.log("held");
for await (const _line of console) {
  const writing = run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
  console.log(await writing.then(() => "written", (error: Error) => error.message));
}
