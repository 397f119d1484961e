/**
 * The images that the sandbox begins with: the same sources give the same bytes, wherever they are made,
 * and a context from an image knows nothing of the one that was opened before it.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { makeImage } from "../../scripts/binary/make_image.ts";
import { beginRun, joinHost } from "../../src/sandbox/context.ts";
import { createEngine, type Engine, openImage } from "../../src/sandbox/image.ts";
import { readImage } from "../../src/sandbox/images.ts";
import type { GuestSetup } from "../../src/sandbox/protocol.ts";
import { pythonRuntime } from "../python/python_runtime.ts";

const texts = { javascript: "", python: pythonRuntime };

test.each(["javascript", "python"] as const)(
  "the image for %s is what its sources give",
  async (name) => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "Asia/Tokyo";
    try {
      expect(Buffer.from(await makeImage(texts[name])).equals(readImage(name))).toBe(
        true,
      );
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  },
);

function setupOf(code: string): GuestSetup {
  return {
    programs: [{ language: "javascript", kind: "converter", name: "own", code }],
    calls: [{ program: 0, field: "a", params: {} }],
    filter: null,
    limits: { memoryMb: 64, recordMs: 100, stackKb: 256 },
    now: 86_400_000,
  };
}

/** The answer to one record in a context that is opened anew. */
function answer(engine: Engine, code: string): string {
  const { context, driver } = openImage(engine, readImage("javascript"));
  joinHost(context, { sign() {}, isSpent: () => false, builtin: () => "{}" });
  beginRun(context, driver, setupOf(code));
  const run = context.getProp(driver, "run");
  const given = context.newString('[{"a":1},["x"]]');
  return context.getString(
    context.unwrapResult(context.callFunction(run, context.undefined, given)),
  );
}

test("a context from an image begins anew each time", async () => {
  const engine = await createEngine(48);
  const large = "(() => { const kept = new Array(2e6).fill(1); return () => kept.length; })()";
  expect(answer(engine, large)).toContain("[2000000]");
  const grown = engine.memory.buffer.byteLength;
  expect(grown).toBeGreaterThan(16 * 1_048_576);
  for (let round = 0; round < 3; round++) expect(answer(engine, large)).toContain("[2000000]");
  // What the contexts before had is there to be used again.
  expect(engine.memory.buffer.byteLength).toBe(grown);
  expect(answer(engine, "() => new Date().toISOString()"))
    .toContain('["1970-01-02T00:00:00.000Z"]');
});
