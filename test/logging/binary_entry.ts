/**
 * A small program around the log, to be compiled by log_binary_test.ts.
 *
 * Arguments: what to do, the logging configuration, the directory of the log files.
 *
 * @module
 */
import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createLog, type Log } from "../../src/logging/log.ts";
import { readLoggingConfig } from "../../src/logging/config.ts";
import { programLogger } from "../../src/logging/console.ts";
import { createRedactor } from "../../src/base/redact.ts";

const [task = "", config = "", directory = ""] = process.argv.slice(2);
const redactor = createRedactor();
redactor.add("Sup3rSecret");
const logging = readLoggingConfig(readFileSync(config, "utf8"), {
  file: config,
  directory,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
const log = createLog(programLogger, redactor, logging.sinks);

const tasks: Record<string, (log: Log) => void> = {
  levels: (log) => {
    log.debug(`Basic ${btoa("me:Sup3rSecret")}`);
    log.named("okta").info("in é");
    log.named("suds").error("bad\nforged");
  },
  crash: (log) => {
    for (let n = 0; n < 1_000; n++) log.info(`line ${n}`);
    process.kill(process.pid, "SIGKILL");
  },
  /** Under a limit of the size of files: the disk is full in the middle of a line, and has room later. */
  full: (log) => {
    for (let n = 0; n < 30; n++) log.info(`line ${n} `.padEnd(100, "x"));
    truncateSync(join(directory, "info.log"), 150);
    const now = Date.now();
    Date.now = () => now + 61_000;
    log.info("room again");
  },
};

for (const warning of logging.warnings) log.warning(warning);
tasks[task]?.(log);
logging.close();
