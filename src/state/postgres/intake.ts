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
 * other connections; one by one they would wait for each other's disk. So do the first ones, while the connection
 * is made: on a busy machine that takes longer than a caller waits.
 *
 * @param own The connection for events.
 * @param others Those for all other work.
 */
export function openIntake(own: Pick<Pg, "rows">, others: Pick<Pg, "rows" | "isBusy">): PgIntake {
  let atWork = 0;
  let isOpen = false;
  let opening: Promise<void> | undefined;
  /** Without an error: a server that cannot be reached is found out by the events themselves. */
  function open(): void {
    opening ??= own.rows("SELECT 1").then(
      () => void (isOpen = true),
      () => void (opening = undefined),
    );
  }
  return {
    async rows(...call) {
      if (!isOpen) open();
      if ((atWork > 0 || !isOpen) && !others.isBusy) return await others.rows(...call);
      atWork++;
      try {
        return await own.rows(...call);
      } finally {
        atWork--;
      }
    },
  };
}
