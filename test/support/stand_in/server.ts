/**
 * Runs a stand-in as a program of its own, for what must not share a process with it:
 * `bun test/support/stand_in/server.ts '{"token": "abc", "faults": {"latencyMs": 100}}'`.
 *
 * @module
 */
import { startStandIn } from "./mod.ts";

const { url, token } = await startStandIn(JSON.parse(process.argv[2] ?? "{}"));
console.log(JSON.stringify({ url, token }));
