/**
 * A PostgreSQL for states and an Oomnitza for their records, for all tests of a file.
 *
 * @module
 */
import { afterAll } from "bun:test";
import { type UsedPostgres, usePostgres } from "../support/postgres.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, type Workspace } from "../support/workspace.ts";

/** Where the states and the records of a test file go. */
export interface StateServer {
  readonly server: UsedPostgres;
  readonly instance: StandIn;
  /** The name of a schema that no test has used. */
  newSchema(): string;
  /** Writes a configuration that uploads `assets.csv`; its state is a file unless `state` has a [state]. */
  configure(space: Workspace, state?: string): void;
}

/** To be called where a test file begins, and used in its tests. */
export async function useStateServer(): Promise<StateServer> {
  const server = usePostgres();
  const instance = await startStandIn();
  afterAll(() => instance.stop());
  let schemas = 0;
  return {
    ...{ server, instance },
    newSchema: () => `agent_${++schemas}`,
    configure(space, state = "") {
      space.write("config.ini", oomnitzaSection(instance, "receipt = off") + state + tagsOnly);
    },
  };
}
