/**
 * Runs a command line as a service of Windows: the service manager's request to stop becomes the
 * SIGTERM that every command knows how to obey.
 *
 * @module
 */

import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { AgentError } from "../base/errors.ts";
import { reportEvent } from "../runtime/windows_event.ts";
import { connectService } from "../runtime/windows_service.ts";
import { serviceNames } from "./names.ts";
import { serviceLog } from "./windows.ts";

/** Milliseconds until a request to stop is repeated that came before the program listened. */
const repeatAfter = 100;

/**
 * Writes down why the service has failed: in the Event Log, and in the log of the service when it failed
 * before its own log was open. Nobody sees the standard error of a service.
 */
export function recordFailure(name: string, lines: readonly string[], isLogged: boolean): void {
  const names = serviceNames(name);
  const isReported = reportEvent(names.windows, lines.join("\r\n"));
  if (isLogged) return;
  const file = serviceLog(names);
  const time = new Date().toISOString().replace("T", " ").replace("Z", "");
  try {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, lines.map((line) => `${time} ERROR agent: ${line}\n`).join(""));
  } catch (error) {
    // Without a place in the file there is still the Event Log.
    if (!isReported) throw error;
  }
}

/**
 * Runs `program` until it ends by itself or the service is stopped.
 *
 * @param name The name of the service, blank for the usual one.
 * @param program Calls what it is given when it does its work; until then the service is starting.
 * @returns the exit code of the program
 * @throws {AgentError} When Windows' service manager did not start this process.
 */
export async function runAsWindowsService(
  name: string,
  program: (onReady: () => void) => Promise<number>,
): Promise<number> {
  if (process.platform !== "win32") {
    throw new AgentError("Only Windows starts the program like this");
  }
  let isOver = false;
  function stop(): void {
    // Windows has no signals, but the listeners of this one are what ends a command in good order.
    if (!isOver && !process.emit("SIGTERM", "SIGTERM")) setTimeout(stop, repeatAfter);
  }
  let isStopping = false;
  const service = await connectService(serviceNames(name).windows, () => {
    if (isStopping) return;
    isStopping = true;
    service.stopping();
    stop();
  });
  try {
    const code = await program(() => service.running());
    isOver = true;
    service.stopped(code);
    return code;
  } catch (error) {
    isOver = true;
    service.stopped(70);
    throw error;
  }
}
