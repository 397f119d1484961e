/**
 * What sections remember, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import { type Declare, type OpenState, withNewState } from "./open_state.ts";

/** Tests what an engine does with cursors; `test` declares each. */
export function testCursors(openState: OpenState, test: Declare = always): void {
  test("what is set is there for others once it was committed, and not before", () =>
    withNewState(openState, async ({ state, again }) => {
      const cursor = state.cursor("a");
      cursor.set("since", "1");
      cursor.set("page", "2");
      expect(await (await again()).state.cursor("a").get("since")).toBeUndefined();
      await cursor.commit();
      expect(await (await again()).state.cursor("a").get("since")).toBe("1");
      expect(await (await again()).state.cursor("a").get("page")).toBe("2");
      cursor.set("since", "3");
      await cursor.commit();
      expect(await (await again()).state.cursor("a").get("since")).toBe("3");
    }));

  test("each section remembers its own, and what was not committed is forgotten", () =>
    withNewState(openState, async ({ state }) => {
      const cursor = state.cursor("a");
      cursor.set("since", "1");
      await cursor.commit();
      cursor.set("since", "2");
      cursor.close();
      expect(await state.cursor("a").get("since")).toBe("1");
      expect(await state.cursor("b").get("since")).toBeUndefined();
    }));
}
