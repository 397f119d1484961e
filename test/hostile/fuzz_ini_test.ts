/**
 * Ten thousand configuration files of noise, from their bytes to the plan.
 *
 * @module
 */
import { heapStats } from "bun:jsc";
import { expect } from "bun:test";
import { decodeIni, parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { describeIni } from "../../src/describe/ini.ts";
import { sources } from "../../src/sources/mod.ts";
import { noise, seeded } from "../config/ini_noise.ts";
import { slow } from "../support/slow.ts";

const around = { sources, env: {}, directory: "/" };
const sample = new TextEncoder().encode(
  "[oomnitza]\nurl = https://example.com\napi_token = abcdef\n" +
    describeIni(sources).replaceAll("enable = False", "enable = True"),
);

/** A piece of a good file with some of its bytes exchanged, doubled or lost. */
function damaged(random: () => number): Uint8Array {
  const pick = (below: number) => Math.floor(random() * below);
  const begin = random() < 0.5 ? 0 : pick(sample.length);
  const bytes = [...sample.subarray(begin, begin + pick(1500))];
  for (let count = pick(12); count > 0; count--) {
    const at = pick(bytes.length + 1);
    if (random() < 0.3) bytes.splice(at, pick(40));
    else if (random() < 0.5) bytes.splice(at, 0, ...noise(random, pick(20)));
    else bytes.splice(at, 0, ...sample.subarray(pick(sample.length)).subarray(0, pick(200)));
  }
  return Uint8Array.from(bytes);
}

/** Bytes of what is reachable. */
function heapAfterCollection(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

slow(
  "10,000 files of noise and of damaged samples give a plan or findings, and nothing else",
  () => {
    const random = seeded(20_260_101);
    const before = heapAfterCollection();
    let planned = 0;
    for (let count = 0; count < 10_000; count++) {
      const bytes = count % 2 === 0 ? noise(random, Math.floor(random() * 400)) : damaged(random);
      const { text, findings } = decodeIni(bytes, "f");
      const document = parseIni(text, "f");
      try {
        const plan = checkConfig(
          { ...document, findings: [...findings, ...document.findings] },
          around,
        );
        planned += plan.sections.length;
        if (plan.oomnitza === undefined && plan.findings.length === 0) {
          throw new Error(
            "no finding",
          );
        }
      } catch (thrown) {
        throw new Error(`file ${count}: ${JSON.stringify(text)}`, { cause: thrown });
      }
    }
    // Some are good all the same, or the noise would prove little.
    expect(planned).toBeGreaterThan(20);
    // What is still held then, and not what the process has had: when garbage goes is up to the machine.
    expect(heapAfterCollection() - before).toBeLessThan(50_000_000);
  },
  180_000,
);
