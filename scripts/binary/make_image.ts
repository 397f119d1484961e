/**
 * Makes an image of an interpreter's memory (see `src/sandbox/image.ts`).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { fillContext } from "../../src/sandbox/context.ts";
import {
  adopt,
  createEngine,
  type Ffi,
  headSize,
  type ImageHead,
} from "../../src/sandbox/image.ts";

/** What a context of QuickJS has when nothing else is said. */
const allIntrinsics = 0 as Parameters<Ffi["QTS_NewContext"]>[1];
/** Shorter gaps between runs are not worth an entry in the head. */
const smallestGap = 64;

/** Runs something for which it is always 1970, in UTC: the engine keeps both. */
async function inNoTime<Result>(run: () => Promise<Result>): Promise<Result> {
  const { now } = Date;
  const zone = process.env["TZ"];
  Date.now = () => 0;
  process.env["TZ"] = "UTC";
  try {
    return await run();
  } finally {
    Date.now = now;
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  }
}

/**
 * Makes the image of a context that is filled and locked. `pythonRuntime` defines the global `$py`;
 * empty for an image without Python. The same engine and texts give the same image.
 */
export function makeImage(pythonRuntime: string): Promise<Uint8Array> {
  return inNoTime(() => takeImage(pythonRuntime));
}

async function takeImage(pythonRuntime: string): Promise<Uint8Array> {
  const { quickjs, memory } = await createEngine(0);
  const ffi = quickjs.getFFI();
  const runtime = ffi.QTS_NewRuntime();
  const context = ffi.QTS_NewContext(runtime, allIntrinsics);
  const adopted = adopt(quickjs, runtime, context);
  // Nothing else in the memory has these bytes, so that the place is found by them.
  const mark = Uint8Array.from({ length: 32 }, (_, index) => 255 - index * 7);
  const driver = fillContext(adopted.context, mark.slice(), pythonRuntime);
  const bytes = Buffer.from(memory.buffer);
  const position = bytes.indexOf(mark);
  if (position === -1 || bytes.includes(mark, position + 1)) {
    throw new Error("The place of the record's number was not found in the memory.");
  }
  bytes.fill(0, position, position + mark.length);
  const runs = findRuns(bytes);
  const head: ImageHead = {
    runtime,
    context,
    driver: driver.value as ImageHead["driver"],
    position,
    runs,
  };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(headSize);
  length.writeUInt32LE(text.length);
  return Buffer.concat([
    length,
    text,
    ...runs.map(([from, size]) => bytes.subarray(from, from + size)),
  ]);
}

/** The stretches of a memory that hold anything. */
function findRuns(bytes: Uint8Array): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  let from = -1;
  let last = -1;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0) continue;
    if (from !== -1 && at - last > smallestGap) {
      runs.push([from, last + 1 - from]);
      from = at;
    }
    if (from === -1) from = at;
    last = at;
  }
  if (from !== -1) runs.push([from, last + 1 - from]);
  return runs;
}
