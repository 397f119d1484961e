/**
 * Images of an interpreter's memory: QuickJS with a context that is ready for programs, as it was when
 * the agent was built. A process that begins with an image need not evaluate what it holds.
 *
 * An image is the length of its head (4 bytes, little-endian), the head (JSON), and the bytes of the
 * runs of the memory that the head lists, one after the other; all other bytes are zero.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import variant from "@jitl/quickjs-singlefile-mjs-release-sync";
import {
  type EmscriptenModuleLoaderOptions,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
  type StaticJSValue,
  StaticLifetime,
} from "quickjs-emscripten-core";

const pageBytes = 65_536;
/** What an instance's memory begins with: 16 MiB. */
const firstPages = 256;
/** Bytes of the length that an image begins with. */
export const headSize = 4;

/** The functions of the engine. */
export type Ffi = ReturnType<QuickJSWASMModule["getFFI"]>;
type RuntimePointer = ReturnType<Ffi["QTS_NewRuntime"]>;
type ContextPointer = ReturnType<Ffi["QTS_NewContext"]>;

/** What an image begins with: where in the memory things are, as addresses. */
export interface ImageHead {
  readonly runtime: RuntimePointer;
  readonly context: ContextPointer;
  readonly driver: StaticJSValue["value"];
  /** Where the driver keeps the number of the record that is under way. */
  readonly position: number;
  /** Address and length of each run. */
  readonly runs: readonly (readonly [number, number])[];
}

/** An interpreter with a context from an image. */
export interface OpenedContext {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly driver: QuickJSHandle;
  readonly position: number;
}

/** An engine with its memory. */
export interface Engine {
  readonly quickjs: QuickJSWASMModule;
  readonly memory: WebAssembly.Memory;
  /** How many bytes the memory can have at most. */
  readonly limit: number;
}

/** Emscripten puts the name of the program into the memory, and so into images. */
const named: EmscriptenModuleLoaderOptions & { readonly thisProgram: string } = {
  thisProgram: "agent",
};

/** Creates an engine whose memory never grows beyond so many MiB; it begins with 16. */
export async function createEngine(memoryMb: number): Promise<Engine> {
  const maximum = Math.max(firstPages, Math.floor(memoryMb * 1_048_576 / pageBytes));
  const memory = new WebAssembly.Memory({ initial: firstPages, maximum });
  const quickjs = await newQuickJSWASMModuleFromVariant(
    newVariant(variant, { wasmMemory: memory, emscriptenModule: named }),
  );
  return { quickjs, memory, limit: maximum * pageBytes };
}

/** The library's objects for a runtime and a context that are in the memory already. */
export function adopt(
  quickjs: QuickJSWASMModule,
  runtime: RuntimePointer,
  context: ContextPointer,
) {
  const ffi = quickjs.getFFI();
  const create = ffi.QTS_NewRuntime;
  ffi.QTS_NewRuntime = () => runtime;
  try {
    const adopted = quickjs.newRuntime();
    return { runtime: adopted, context: adopted.newContext({ contextPointer: context }) };
  } finally {
    ffi.QTS_NewRuntime = create;
  }
}

/**
 * Puts an image in place of all that is in the memory of an engine. What was opened in it before must
 * not be used any more, nor disposed of.
 */
export function openImage({ quickjs, memory }: Engine, image: Uint8Array): OpenedContext {
  const textSize = Buffer.from(image.buffer, image.byteOffset).readUInt32LE();
  const text = Buffer.from(image.buffer, image.byteOffset + headSize, textSize).toString();
  const { runtime, context, driver, position, runs } = JSON.parse(text) as ImageHead;
  const bytes = new Uint8Array(memory.buffer).fill(0);
  let at = headSize + textSize;
  for (const [from, size] of runs) {
    bytes.set(image.subarray(at, at + size), from);
    at += size;
  }
  const adopted = adopt(quickjs, runtime, context);
  return { ...adopted, driver: new StaticLifetime(driver, adopted.runtime), position };
}
