/**
 * The program: from the words of the command line to an exit code. The only place that exits, and that
 * reads the environment, the working directory and the signals of the process.
 *
 * @module
 */

import { kerberosArgument } from "../runtime/kdc_argument.ts";
import { sandboxArgument } from "../sandbox/argument.ts";
import { describeVersion } from "./version.ts";

if (process.platform === "win32") {
  // First of all: a library in the working directory must not be taken for one of Windows'.
  const { refuseForeignLibraries } = await import("../runtime/windows_system.ts");
  refuseForeignLibraries();
}

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "version" || argv[0] === "--version")) {
  // Answered before anything is loaded, even the file system, so that it is quick.
  console.log(describeVersion());
  process.exit(0);
}

if (argv[0] === sandboxArgument) {
  const { runSandboxChild } = await import("../sandbox/child.ts");
  await runSandboxChild();
  process.exit(0);
}

if (argv[0] === kerberosArgument) {
  (await import("../runtime/kdc_process.ts")).runKerberosChild();
  process.exit(0);
}

const { openConsole, openInput } = await import("./console.ts");
const { runProgram } = await import("./program.ts");
const { AgentError } = await import("../base/errors.ts");

/** On Windows also Ctrl-Break, and the closing of the console; elsewhere nohup(1) has SIGHUP ignored. */
const stopSignals = process.platform === "win32"
  ? ["SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"] as const
  : ["SIGINT", "SIGTERM"] as const;

/** Ctrl-C and SIGTERM end the work in good order; a second one ends it at once. */
function listenForStop(): AbortSignal {
  const controller = new AbortController();
  for (const name of stopSignals) {
    process.once(name, () => {
      controller.abort(new AgentError(`Stopped by ${name}`));
      process.once(name, () => process.kill(process.pid, "SIGKILL"));
    });
  }
  return controller.signal;
}

/** SIGHUP. On Windows it is the closing of the console, which ends the work. */
function listenForReload(reload: () => void, until: AbortSignal): void {
  if (process.platform === "win32") return;
  process.on("SIGHUP", reload);
  until.addEventListener("abort", () => process.off("SIGHUP", reload), { once: true });
}

function uncaught(): Promise<never> {
  return new Promise((_, reject) => {
    process.on("uncaughtException", reject);
    process.on("unhandledRejection", reject);
  });
}

const { env } = process;
const exitCode = await runProgram(argv, {
  console: openConsole(env),
  input: openInput(),
  env,
  directory: process.cwd(),
  listenForStop,
  listenForReload,
  uncaught,
});
process.exit(exitCode);
