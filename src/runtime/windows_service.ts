/**
 * The side of a service in Windows' service protocol (advapi32.dll): how a console program becomes
 * something that the service manager starts and stops.
 *
 * @module
 */

import { dlopen, FFIType, JSCallback, type Pointer, ptr } from "bun:ffi";
import { AgentError } from "../base/errors.ts";
import { toWideText } from "./wide_text.ts";

/** A program that runs as a service. */
export interface WindowsService {
  /** Reports that the service does its work; until then it is starting. */
  running(): void;
  /** Reports to the service manager that the program is about to end, until it has ended. */
  stopping(): void;
  /** Reports that the program has ended; any code but 0 makes it take its failure actions. */
  stopped(exitCode: number): void;
}

const { ptr: pointer, u32, u64, i32, void: nothing } = FFIType;
const services = {
  RegisterServiceCtrlHandlerW: { args: [pointer, pointer], returns: pointer },
  SetServiceStatus: { args: [pointer, pointer], returns: i32 },
} as const;
const kernel = {
  GetModuleHandleW: { args: [pointer], returns: pointer },
  GetProcAddress: { args: [pointer, pointer], returns: pointer },
  CreateThread: { args: [pointer, u64, pointer, pointer, u32, pointer], returns: pointer },
  GetExitCodeThread: { args: [pointer, pointer], returns: i32 },
} as const;

/** Values of winsvc.h and winnt.h. */
const ownProcess = 0x10;
const state = { stopped: 1, startPending: 2, stopPending: 3, running: 4 } as const;
const accepts = { stop: 0x1, shutdown: 0x4 } as const;
const control = { stop: 1, shutdown: 5 } as const;
const serviceSpecificError = 1066;
const stillActive = 259;

/** Milliseconds between two signs of life while starting or stopping, and how long each is good for. */
const checkpointEvery = 5_000;
const checkpointGood = 30_000;
/** Milliseconds in which the service manager calls, when it is there. */
const startTimeoutMs = 30_000;

function serviceStatus(current: number, details: { exitCode?: number; checkpoint?: number } = {}) {
  const { exitCode = 0, checkpoint = 0 } = details;
  const status = Buffer.alloc(28);
  status.writeUInt32LE(ownProcess, 0);
  status.writeUInt32LE(current, 4);
  status.writeUInt32LE(current === state.running ? accepts.stop | accepts.shutdown : 0, 8);
  status.writeUInt32LE(exitCode === 0 ? 0 : serviceSpecificError, 12);
  status.writeUInt32LE(exitCode, 16);
  status.writeUInt32LE(checkpoint, 20);
  const isPending = current === state.startPending || current === state.stopPending;
  status.writeUInt32LE(isPending ? checkpointGood : 0, 24);
  return status;
}

/**
 * Starts a thread of Windows' own in StartServiceCtrlDispatcherW, which has the shape of a thread's
 * function and comes back only when the service has stopped: the thread of JavaScript stays free.
 */
function dispatch(table: Uint8Array): () => boolean {
  const { symbols } = dlopen("kernel32.dll", kernel);
  const [library, name] = [
    toWideText("advapi32.dll"),
    Buffer.from("StartServiceCtrlDispatcherW\0"),
  ];
  const dispatcher = symbols.GetProcAddress(symbols.GetModuleHandleW(ptr(library)), ptr(name));
  const thread = symbols.CreateThread(null, 0n, dispatcher, ptr(table), 0, null);
  const code = Buffer.alloc(4);
  return () => {
    symbols.GetExitCodeThread(thread, ptr(code));
    return code.readUInt32LE() === stillActive;
  };
}

/** A SERVICE_TABLE with one entry; name and function must be kept for as long as Windows looks. */
function serviceTable(name: Uint8Array, main: Pointer): Uint8Array {
  const table = Buffer.alloc(32);
  table.writeBigUInt64LE(BigInt(ptr(name)), 0);
  table.writeBigUInt64LE(BigInt(main), 8);
  return table;
}

class ConnectedService implements WindowsService {
  readonly #report: (status: Uint8Array) => void;
  /** What Windows looks at or calls for as long as the program runs. */
  readonly references: readonly unknown[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #checkpoint = 0;
  #isStopping = false;

  constructor(report: (status: Uint8Array) => void, references: readonly unknown[]) {
    this.#report = report;
    this.references = references;
    this.#pend(state.startPending);
  }

  /** Gives signs of life until the next state. */
  #pend(current: number): void {
    clearInterval(this.#timer);
    const report = () => this.#report(serviceStatus(current, { checkpoint: ++this.#checkpoint }));
    report();
    this.#timer = setInterval(report, checkpointEvery);
  }

  running(): void {
    if (this.#isStopping) return;
    clearInterval(this.#timer);
    this.#report(serviceStatus(state.running));
  }

  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#pend(state.stopPending);
  }

  stopped(exitCode: number): void {
    clearInterval(this.#timer);
    this.#report(serviceStatus(state.stopped, { exitCode }));
  }
}

/**
 * Connects to the service manager that started this program.
 *
 * @param onStop Called, once or more, when the service is to stop.
 * @throws {AgentError} When no service manager started it.
 */
export function connectService(name: string, onStop: () => void): Promise<WindowsService> {
  const { symbols } = dlopen("advapi32.dll", services);
  const serviceName = toWideText(name);
  // Both callbacks are called from threads of Windows, so that they are only notes for this thread.
  const handler = new JSCallback((wanted: number) => {
    if (wanted === control.stop || wanted === control.shutdown) onStop();
  }, { args: [u32], returns: nothing, threadsafe: true });
  return new Promise((resolve, reject) => {
    const references: unknown[] = [serviceName, handler];
    const main = new JSCallback(() => {
      clearInterval(watch);
      const handle = symbols.RegisterServiceCtrlHandlerW(ptr(serviceName), handler.ptr);
      if (handle === null) return reject(refused("Windows registers no handler for the service"));
      const report = (status: Uint8Array) => symbols.SetServiceStatus(handle, ptr(status));
      resolve(new ConnectedService(report, references));
    }, { args: [u32, pointer], returns: nothing, threadsafe: true });
    if (main.ptr === null) throw refused("The runtime returns no callback");
    const table = serviceTable(serviceName, main.ptr);
    references.push(main, table);
    const started = Date.now();
    const isWaiting = dispatch(table);
    const watch = setInterval(() => {
      if (isWaiting() && Date.now() - started < startTimeoutMs) return;
      clearInterval(watch);
      reject(refused("Windows did not start this program as a service"));
    }, 200);
  });
}

function refused(what: string): AgentError {
  return new AgentError(what, {
    hint: "Start the service with agent service start. To run it by hand, use agent serve.",
  });
}
