/**
 * All that the state promises, whatever keeps it.
 *
 * @module
 */
import { test as always } from "bun:test";
import { testAccepted } from "./accepted.ts";
import { testCursors } from "./cursors.ts";
import { testDeadRecords } from "./dead_records.ts";
import { testHolds } from "./holds.ts";
import { testIdentities } from "./identities.ts";
import { testInbox } from "./inbox.ts";
import type { Declare, OpenState } from "./open_state.ts";
import { testRuns } from "./runs.ts";

/** Tests an engine that keeps the state; `test` declares each. */
export function testState(openState: OpenState, test: Declare = always): void {
  testDeadRecords(openState, test);
  testCursors(openState, test);
  testRuns(openState, test);
  testInbox(openState, test);
  testAccepted(openState, test);
  testHolds(openState, test);
  testIdentities(openState, test);
}
