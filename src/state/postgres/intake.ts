/**
 * The connection over which webhook events come into the state.
 *
 * @module
 */

import type { Pg } from "./pg.ts";

/** Takes events in, each call with one statement that is a transaction of its own. */
export type PgIntake = Pick<Pg, "rows">;

/**
 * A connection that nothing but events is sent over, so that they do not wait for uploads: who waits too long
 * goes into the spool, or is refused. Events of many tenants that come together also take what is free of the
 * other connections; one by one they would wait for each other's disk.
 *
 * @param own The connection for events.
 * @param others Those for all other work.
 */
export function openIntake(own: Pick<Pg, "rows">, others: Pick<Pg, "rows" | "isBusy">): PgIntake {
  let atWork = 0;
  return {
    async rows(...call) {
      if (atWork > 0 && !others.isBusy) return await others.rows(...call);
      atWork++;
      try {
        return await own.rows(...call);
      } finally {
        atWork--;
      }
    },
  };
}
