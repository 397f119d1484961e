/**
 * The program: from the words of the command line to an exit code. The only place that exits, and
 * the only one that catches everything.
 *
 * @module
 */

import { openConsole } from "./console.ts";
import { describeVersion } from "./version.ts";

const argv = process.argv.slice(2);
const console = openConsole();

if (argv.length === 1 && (argv[0] === "version" || argv[0] === "--version")) {
  // Answered without loading anything, so that it is quick.
  console.print(describeVersion());
  process.exit(0);
}

const { runProgram } = await import("./program.ts");
process.exit(await runProgram(argv, console));
