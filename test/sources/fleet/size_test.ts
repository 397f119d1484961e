/**
 * Fleet with as many hosts and as much software as a company has.
 *
 * @module
 */
import { expect } from "bun:test";
import { watchMemory } from "../../support/memory.ts";
import { record } from "../../support/recorder.ts";
import { slow } from "../../support/slow.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { start } from "./section.ts";

/** Uploads so many hosts with 200 titles each; what it took. */
async function uploadHosts(count: number) {
  const under = start({ count, titles: 200 });
  await using vendor = under.vendor;
  await using instance = record();
  using space = workspace();
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[fleet]\nenable = True\n${under.options}\n`,
  );
  const begun = performance.now();
  const agent = await space.start(["upload", "fleet"], { ownProcess: true });
  const { peakBytes } = watchMemory(agent);
  const code = await agent.ended;
  const seconds = (performance.now() - begun) / 1000;
  const bodies = instance.uploads().filter(({ path }) => path === "/api/v3/bulk");
  let hosts = 0;
  let titles = 0;
  for (const { body } of bodies) {
    for (const { APPLICATIONS } of JSON.parse(body).records) {
      hosts++;
      titles += APPLICATIONS.length;
    }
  }
  return { code, hosts, titles, seconds, requests: vendor.calls.length, peak: peakBytes() };
}

slow(
  "5,000 hosts with 200 titles each take 52 requests, and no more memory than 1,250",
  async () => {
    const few = await uploadHosts(1250);
    const many = await uploadHosts(5000);
    const inMegabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
    console.info(
      `fleet: 5,000 hosts with 200 titles in ${
        many.seconds.toFixed(1)
      } s, ${many.requests} requests; ` +
        `peaks of 1,250 and 5,000 hosts: ${inMegabytes(few.peak)}, ${inMegabytes(many.peak)} MB`,
    );
    expect(many).toMatchObject({ code: 0, hosts: 5000, titles: 1_000_000 });
    // Fifty pages, the one behind the last, and the number of hosts.
    expect(many.requests).toBe(52);
    expect(many.peak - few.peak).toBeLessThan(120 * 2 ** 20);
    expect(many.peak).toBeLessThan(512 * 2 ** 20);
  },
  300_000,
);
