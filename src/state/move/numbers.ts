/**
 * Numbers of runs: a state file has ten digits to the base of 36, PostgreSQL the same number. So runs keep their
 * order, and those that come later get greater numbers in either.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";

const base = 36n;
const length = 10;
const form = /^[0-9a-z]{1,10}$/;

/** The number of a run, decimal. */
export function runNumber(id: string): string {
  if (!form.test(id)) {
    throw new AgentError(`"${id}" cannot be the id of a run`, { hint: "The state is damaged." });
  }
  let number = 0n;
  for (const digit of id) number = number * base + BigInt(parseInt(digit, Number(base)));
  return String(number);
}

/** The id of a run in a state file. */
export function runId(number: string): string {
  const id = BigInt(number).toString(Number(base)).padStart(length, "0");
  if (form.test(id)) return id;
  throw new AgentError(`"${number}" cannot be the number of a run`, {
    hint: "The state is damaged.",
  });
}
