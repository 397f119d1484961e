/**
 * The queue of sections: so many side by side, and those that come after others after them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { SectionQueue } from "../../src/app/section_queue.ts";

/** A queue whose sections are ended by hand, and what began and ended in it. */
function openQueue(width: number, after: Readonly<Record<string, readonly string[]>> = {}) {
  const queue = new SectionQueue({ width, after: (section) => after[section] ?? [] });
  const ends = new Map<string, () => void>();
  const begun: string[] = [];
  const waited = new Map<string, readonly string[]>();
  function addOne(section: string): Promise<string | undefined> {
    return queue.add(section, async (waitedFor) => {
      begun.push(section);
      waited.set(section, waitedFor);
      await new Promise<void>((resolve) => ends.set(section, resolve));
      return section;
    });
  }
  return {
    queue,
    begun,
    waited,
    /** Adds sections at once, and lets those begin that can. */
    async add(...sections: readonly string[]) {
      const all = sections.map(addOne);
      await Bun.sleep(0);
      return { all };
    },
    addOne,
    async end(section: string) {
      ends.get(section)?.();
      await Bun.sleep(0);
    },
  };
}

test("as many run as there is room for, in the order in which they were added", async () => {
  const { queue, begun, add, end } = openQueue(2);
  const { all } = await add("a", "b", "c", "d");
  expect(begun).toEqual(["a", "b"]);
  expect(queue.running).toEqual(["a", "b"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "c"]);
  await end("a");
  await end("c");
  await end("d");
  expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
  expect(queue.running).toEqual([]);
});

test("one that comes after others begins when they have ended, whichever was added first", async () => {
  const { begun, waited, add, end } = openQueue(4, { casper: ["okta", "ldap"] });
  const { all } = await add("casper", "okta", "zendesk");
  expect(begun).toEqual(["okta", "zendesk"]);
  await end("zendesk");
  expect(begun).toEqual(["okta", "zendesk"]);
  await end("okta");
  expect(begun).toEqual(["okta", "zendesk", "casper"]);
  expect(waited.get("casper")).toEqual(["okta"]);
  await end("casper");
  await Promise.all(all);
});

test("one that waits for nothing that is there begins at once", async () => {
  const { begun, add, end } = openQueue(4, { casper: ["okta"] });
  const { all } = await add("casper", "zendesk");
  expect(begun).toEqual(["casper", "zendesk"]);
  await end("casper");
  await end("zendesk");
  await Promise.all(all);
});

test("a section never runs beside itself", async () => {
  const { begun, add, end } = openQueue(3);
  const { all } = await add("a", "a", "b");
  expect(begun).toEqual(["a", "b"]);
  await end("a");
  expect(begun).toEqual(["a", "b", "a"]);
  await end("a");
  await end("b");
  await Promise.all(all);
});

test("what fails is told to who added it, and holds up nobody", async () => {
  const queue = new SectionQueue({ width: 1, after: () => [] });
  const failing = queue.add("a", () => Promise.reject(new Error("no such host")));
  const next = queue.add("b", () => Promise.resolve("done"));
  await expect(failing).rejects.toThrow("no such host");
  expect(await next).toBe("done");
  expect(queue.has("a")).toBe(false);
});

test("a closed queue discards what waits, and lets end what runs", async () => {
  const { queue, begun, add, addOne, end } = openQueue(1);
  const { all: [first, second] } = await add("a", "b");
  queue.close();
  expect(await second).toBeUndefined();
  expect(await addOne("c")).toBeUndefined();
  await end("a");
  expect(await first).toBe("a");
  expect(begun).toEqual(["a"]);
});
