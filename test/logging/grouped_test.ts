/**
 * Lines of things that go on at once, kept together.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";
import { GroupedLog } from "../../src/logging/grouped.ts";
import { createLog, type LogEntry } from "../../src/logging/log.ts";

function openGroups(isGrouping: () => boolean) {
  const entries: LogEntry[] = [];
  const target = createLog("agent", createRedactor(), [(entry) => entries.push(entry)]);
  const grouped = new GroupedLog(target, createRedactor(), isGrouping);
  return {
    grouped,
    entries,
    lines: () => entries.map(({ name, message }) => `${name} ${message}`),
  };
}

test("lines of one section come together when it ends, with the time at which they were logged", async () => {
  const { grouped, entries, lines } = openGroups(() => true);
  const [a, b] = [grouped.log.named("a"), grouped.log.named("b")];
  a.info("one");
  const between = new Date();
  b.info("one");
  await Bun.sleep(2);
  a.warning("two", ["a detail"]);
  grouped.log.info("about the whole");
  expect(lines()).toEqual(["agent about the whole"]);
  grouped.flush("a");
  grouped.flush("b");
  expect(lines().slice(1)).toEqual(["a one", "a two\n  a detail", "b one"]);
  expect(entries[1]?.time.getTime()).toBeLessThanOrEqual(between.getTime());
});

test("an error is written at once, after what came before it", () => {
  const { grouped, lines } = openGroups(() => true);
  grouped.log.named("b").info("held");
  const a = grouped.log.named("a");
  a.info("before");
  a.error("refused");
  expect(lines()).toEqual(["a before", "a refused"]);
});

test("what is alone is not held, and not before what was held when it was not", () => {
  let isGrouping = true;
  const { grouped, lines } = openGroups(() => isGrouping);
  const a = grouped.log.named("a");
  a.info("beside another");
  isGrouping = false;
  a.info("alone");
  a.info("again");
  expect(lines()).toEqual(["a beside another", "a alone", "a again"]);
});

test("no more than 200 lines are held", () => {
  const { grouped, lines } = openGroups(() => true);
  const a = grouped.log.named("a");
  for (let n = 0; n < 250; n++) a.debug(`${n}`);
  expect(lines()).toHaveLength(200);
});
