/**
 * A server that is away is tried by one at a time, about once a second, however many wait for it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { ServerTrials } from "../../src/daemon/server_trials.ts";

const away = new AgentError("The server cannot be reached", { retriable: true });

test("what one found out of a server that is away is told to the others", async () => {
  const trials = new ServerTrials(60_000);
  let attempts = 0;
  const fail = () => {
    attempts++;
    return Promise.reject(away);
  };
  await expect(trials.run("a", fail)).rejects.toBe(away);
  for (let at = 0; at < 5; at++) await expect(trials.run("a", fail)).rejects.toBe(away);
  expect(attempts).toBe(1);
  // Another server has nothing to do with it.
  expect(await trials.run("b", () => Promise.resolve("opened"))).toBe("opened");
  // What somebody has to mend is of who tried.
  const refused = new AgentError("It refuses the password");
  await expect(trials.run("b", () => Promise.reject(refused))).rejects.toBe(refused);
  expect(await trials.run("b", () => Promise.resolve("opened"))).toBe("opened");
});

test("when it is time again one tries, and all others go on once that succeeded", async () => {
  const trials = new ServerTrials(0);
  await expect(trials.run("a", () => Promise.reject(away))).rejects.toBe(away);
  const probe = Promise.withResolvers<string>();
  const first = trials.run("a", () => probe.promise);
  let begun = 0;
  let most = 0;
  let running = 0;
  const others = Array.from({ length: 100 }, () =>
    trials.run("a", async () => {
      begun++;
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running--;
    }));
  await Bun.sleep(5);
  expect(begun).toBe(0);
  probe.resolve("opened");
  expect(await first).toBe("opened");
  await Promise.all(others);
  expect([begun, most]).toEqual([100, 16]);
});
