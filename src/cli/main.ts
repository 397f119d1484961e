/**
 * The program: from the words of the command line to an exit code. The only place that exits.
 *
 * @module
 */

import { sandboxArgument } from "../sandbox/argument.ts";
import { describeVersion } from "./version.ts";

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

const { openConsole } = await import("./console.ts");
const { runProgram } = await import("./program.ts");
process.exit(await runProgram(argv, openConsole()));
