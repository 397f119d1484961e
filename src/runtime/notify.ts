/**
 * Reports to systemd how the service does: the protocol of sd_notify(3), one datagram a message.
 *
 * @module
 */

import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { getSystemErrorName } from "node:util";
import type { Environment } from "../base/environment.ts";
import { AgentError } from "../base/errors.ts";

const { i32, ptr: pointer, u64, i64 } = FFIType;
const functions = {
  socket: { args: [i32, i32, i32], returns: i32 },
  sendto: { args: [i32, pointer, u64, i32, pointer, i32], returns: i64 },
  close: { args: [i32], returns: i32 },
  __errno_location: { args: [], returns: pointer },
} as const;

/** Values of Linux's headers, the same on x64 and arm64. */
const unixFamily = 1;
const datagram = 2;
const closeOnExec = 0o2000000;
const noSignal = 0x4000;
/** What sockaddr_un has room for. */
const longestPath = 108;

/**
 * Sends a state such as `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=…` (several, one a line) to
 * the service manager. Does nothing when the program was not started by one (`NOTIFY_SOCKET`).
 *
 * @throws {AgentError} When the service manager named a socket that cannot be reached.
 */
export function notify(state: string, env: Environment): void {
  const name = env["NOTIFY_SOCKET"] ?? "";
  if (name === "" || process.platform !== "linux") return;
  const failure = send(socketAddress(name), Buffer.from(state, "utf8"));
  if (failure === undefined) return;
  throw new AgentError(`Cannot notify systemd of "${state}" over ${name}: ${failure}`, {
    hint: "NOTIFY_SOCKET is set by systemd for services of Type=notify. Elsewhere, unset it.",
    retriable: true,
  });
}

/**
 * Milliseconds after which the service manager takes the program for dead when no `WATCHDOG=1`
 * arrived; send one at half of them. Absent when it does not watch this process.
 */
export function watchdogMs(env: Environment): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"] || Number.NaN);
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  const watched = env["WATCHDOG_PID"] ?? "";
  return watched === "" || watched === String(process.pid) ? microseconds / 1000 : undefined;
}

/** A sockaddr_un; `@` stands for the zero byte with which names outside the file system begin. */
function socketAddress(name: string): Uint8Array {
  const path = Buffer.from(name.startsWith("@") ? `\0${name.slice(1)}` : name, "utf8");
  if ((path[0] !== 0 && !name.startsWith("/")) || path.length >= longestPath) {
    throw new AgentError(
      `Cannot use NOTIFY_SOCKET ${name}: it is not the path or name of a socket`,
    );
  }
  const address = Buffer.alloc(2 + path.length);
  address.writeUInt16LE(unixFamily, 0);
  path.copy(address, 2);
  return address;
}

/** Sends one datagram; the result is what went wrong. */
function send(address: Uint8Array, message: Uint8Array): string | undefined {
  const { symbols, close } = dlopen("libc.so.6", functions);
  function errno(): string {
    const address = symbols.__errno_location();
    return address === null ? "unknown error" : getSystemErrorName(-read.i32(address, 0));
  }
  try {
    const socket = symbols.socket(unixFamily, datagram | closeOnExec, 0);
    if (socket < 0) return errno();
    const sent = symbols.sendto(
      ...[socket, ptr(message), BigInt(message.length), noSignal] as const,
      ...[ptr(address), address.length] as const,
    );
    const failure = Number(sent) === message.length ? undefined : errno();
    symbols.close(socket);
    return failure;
  } finally {
    close();
  }
}
