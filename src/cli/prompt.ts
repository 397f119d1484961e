/**
 * Reads a secret: on a terminal without showing it, else from standard input.
 *
 * @module
 */

import { AgentError, UsageError } from "../base/errors.ts";
import type { Input } from "./console.ts";

const keys = { enter: /[\r\n]/, interrupt: "\x03", end: "\x04", erase: /[\b\x7f]/, kill: "\x15" };

/** Reads a line from the terminal of this process, which shows nothing of it. */
export function readHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    function end(): void {
      stdin.off("data", onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    }
    function onData(chunk: string): void {
      for (const key of chunk) {
        if (key === keys.interrupt || key === keys.end) {
          end();
          return reject(new AgentError("Nothing was stored"));
        }
        if (keys.enter.test(key)) {
          end();
          return resolve(typed.join(""));
        }
        if (key === keys.kill) typed = [];
        else if (keys.erase.test(key)) typed.pop();
        else typed.push(key);
      }
    }
    stdin.on("data", onData);
  });
}

/**
 * A secret that a person types, or that is piped in, without the newline at its end.
 *
 * @throws {UsageError} when it is empty.
 */
export async function promptForSecret(input: Input, question: string): Promise<string> {
  const secret = input.isTerminal
    ? await readHidden(question)
    : (await input.readAll()).replace(/\r?\n$/, "");
  if (secret.trim() === "") throw new UsageError("The secret is empty: nothing was stored");
  return secret;
}
