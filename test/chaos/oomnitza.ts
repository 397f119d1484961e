/**
 * Oomnitza that notes every record it accepts, and before whose door one upload can be held.
 *
 * @module
 */
import { startStandIn } from "../support/stand_in/mod.ts";
import { listedDevice } from "./jamf.ts";
import type { Ledger } from "./ledger.ts";

/** Oomnitza at work. */
export interface NotingOomnitza {
  readonly url: string;
  readonly token: string;
  /**
   * Holds the next upload that has a record of a device. When its sender hangs up meanwhile, it never
   * arrives.
   *
   * @returns when it came, and how it is let through.
   */
  holdNext(device: number): { readonly came: Promise<void>; letThrough(): void };
  stop(): Promise<void>;
}

interface Held {
  readonly device: number;
  readonly came: PromiseWithResolvers<void>;
  readonly passed: PromiseWithResolvers<void>;
}

/** Starts it; what arrives is written into the ledger. */
export async function startNotingOomnitza(ledger: Ledger): Promise<NotingOomnitza> {
  let held: Held | undefined;
  const standIn = await startStandIn({
    keep: "counts",
    async hold(body) {
      const holding = held;
      if (holding === undefined || !body.includes(`"SERIAL":"${holding.device}"`)) return;
      held = undefined;
      holding.came.resolve();
      await holding.passed.promise;
    },
    onBatch({ records }) {
      for (const { SERIAL, NAME } of records) {
        if (Number(SERIAL) !== listedDevice) ledger.arrive(Number(SERIAL), Number(NAME));
      }
    },
  });
  return {
    url: standIn.url,
    token: standIn.token,
    holdNext(device) {
      const holding = {
        device,
        came: Promise.withResolvers<void>(),
        passed: Promise.withResolvers<void>(),
      };
      held = holding;
      return { came: holding.came.promise, letThrough: () => holding.passed.resolve() };
    },
    stop: () => standIn.stop(),
  };
}
