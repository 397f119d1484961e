/**
 * The agents that share a state, as the overview shows them.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { describeHeld, type SharedAgents } from "../app/shared_agents.ts";
import type { Replica } from "../state/state.ts";
import { Time } from "./time.tsx";

/** Nothing where no agent is at work on a shared state. */
export function SharedAgentList({ replicas, differing }: SharedAgents) {
  if (replicas.length === 0) return null;
  return (
    <section>
      <h2>Agents with this state</h2>
      {differing.length === 0 ? null : (
        <p class="notice bad">
          Not the same in all agents that serve:{" "}
          {differing.join(", ")}. Give all of them the same configuration: whichever agent runs a
          section uses its own.
        </p>
      )}
      <div class="scroll" tabindex={0} role="region" aria-label="Agents with this state">
        <table>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">Does</th>
              <th scope="col">Version</th>
              <th scope="col">Since</th>
              <th scope="col">Last seen</th>
              <th scope="col">Sections to itself</th>
            </tr>
          </thead>
          <tbody>{replicas.map((replica) => <Agent key={replica.id} replica={replica} />)}</tbody>
        </table>
      </div>
    </section>
  );
}

function Agent({ replica }: { replica: Replica }) {
  const { host, process, serving, version, since, silentSeconds } = replica;
  return (
    <tr>
      <th scope="row">{host}, process {process}</th>
      <td>{serving === null ? "one command" : "serves"}</td>
      <td>{version}</td>
      <td>
        <Time at={since} />
      </td>
      <td>{Math.round(silentSeconds)} s ago</td>
      <td>{describeHeld(replica)}</td>
    </tr>
  );
}
