/**
 * Runs a command line as a service of Windows: the service manager's request to stop becomes the
 * SIGTERM that every command knows how to obey.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { connectService } from "../runtime/windows_service.ts";
import { serviceName } from "./names.ts";

/** Milliseconds until a request to stop is repeated that came before the program listened. */
const repeatAfter = 100;

/**
 * Runs `program` until it ends by itself or the service is stopped.
 *
 * @returns the exit code of the program
 * @throws {AgentError} When Windows' service manager did not start this process.
 */
export async function runAsWindowsService(program: () => Promise<number>): Promise<number> {
  if (process.platform !== "win32") {
    throw new AgentError("Only Windows starts the program like this");
  }
  let isOver = false;
  function stop(): void {
    // Windows has no signals, but the listeners of this one are what ends a command in good order.
    if (!isOver && !process.emit("SIGTERM", "SIGTERM")) setTimeout(stop, repeatAfter);
  }
  let isStopping = false;
  const service = await connectService(serviceName, () => {
    if (isStopping) return;
    isStopping = true;
    service.stopping();
    stop();
  });
  try {
    const code = await program();
    isOver = true;
    service.stopped(code);
    return code;
  } catch (error) {
    isOver = true;
    service.stopped(70);
    throw error;
  }
}
