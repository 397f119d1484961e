/**
 * `agent replicas`: the agents that share a state.
 *
 * @module
 */

import { describeHeld, readSharedAgents } from "../app/shared_agents.ts";
import { describeState, findState } from "../app/state_location.ts";
import type { Replica } from "../state/state.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { requireState } from "./state.ts";
import { table } from "./table.ts";

function toRow(replica: Replica): readonly string[] {
  const { host, process, version, since, silentSeconds, serving } = replica;
  return [
    serving === null ? "command" : "serve",
    host,
    String(process),
    version,
    since,
    `${Math.round(silentSeconds)} s ago`,
    describeHeld(replica),
  ];
}

/** An agent as programs read it. */
function toJson({ id, host, process, version, since, silentSeconds, serving, sections }: Replica) {
  return {
    ...{ id, host, process, version, since, kind: serving === null ? "command" : "serve" },
    silent_seconds: Math.round(silentSeconds * 10) / 10,
    holds: sections,
  };
}

/** Lists the agents that are at work on a shared state. */
export const replicasCommand = defineCommand({
  name: "replicas",
  summary: "List the agents that are at work on the same state, and the sections that each has.",
  details:
    `Agents share a state when [state] names a PostgreSQL. KIND is serve for agent serve, and command for one that ends by itself, such as agent upload. SEEN is the last sign of life; an agent without one for longer than lease_seconds is not listed any more, and others take over what it had.

The exit code is 3 when agents that serve have different sections, or different settings of one, which secrets are not counted among; else 0.`,
  flags: {},
  examples: [
    { line: "agent replicas", does: "list them" },
    { line: "agent replicas --output json", does: "list them for a program" },
  ],
  async run(context) {
    requireState(context);
    const location = await findState(context);
    const { replicas, differing } = await readSharedAgents(context);
    if (context.global.output === "json") {
      const listed = { replicas: 1, agents: replicas.map(toJson), differing_sections: differing };
      context.print(JSON.stringify(listed, null, 2));
    } else {
      if (replicas.length > 0) {
        const head = ["KIND", "HOST", "PROCESS", "VERSION", "SINCE", "SEEN", "HOLDS"];
        context.print(table([head, ...replicas.map(toRow)]));
      }
      if (differing.length > 0) {
        context.print(
          `Not the same in all agents that serve: ${
            differing.join(", ")
          }. Give all of them the same configuration`,
        );
      }
      const where = describeState(location);
      if (location.kind === "file") context.print(`${where}: one machine uses it`);
      else context.print(replicas.length > 0 ? where : `${where}: no agent is at work`);
    }
    return differing.length > 0 ? exitCodes.failed : exitCodes.ok;
  },
});
