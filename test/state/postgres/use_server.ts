/**
 * A real PostgreSQL and connections to it, for all tests of a file.
 *
 * @module
 */
import { afterAll, beforeAll } from "bun:test";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { type UsedPostgres, usePostgres } from "../../support/postgres.ts";
import { connect } from "./states.ts";

/** A server, and how tests reach it. */
export interface UsedServer {
  readonly server: UsedPostgres;
  readonly pg: Pg;
}

/**
 * Starts a server before the first test of a file, with so many connections, and ends both after the last: to be
 * called where the file begins, and used in its tests.
 */
export function useServer(connections = 8): UsedServer {
  let opened: Pg | undefined;
  // These hooks run in the order in which they are declared: the server ends after its connections.
  afterAll(async () => await opened?.close());
  const server = usePostgres();
  beforeAll(() => void (opened = connect(server.url(), connections)));
  const pg = () => {
    if (opened === undefined) {
      throw new Error("Connections are opened before the tests, not earlier");
    }
    return opened;
  };
  return {
    server,
    pg: {
      rows: (...call) => pg().rows(...call),
      tx: (work, call) => pg().tx(work, call),
      listen: (...call) => pg().listen(...call),
      close: (...call) => pg().close(...call),
      get isBusy() {
        return pg().isBusy;
      },
    },
  };
}
