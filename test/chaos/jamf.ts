/**
 * Jamf Pro whose devices show their versions, and whose answers can be held.
 *
 * @module
 */
import { startVendor, type Vendor } from "../support/vendor.ts";

/** Jamf Pro at work. */
export interface VersionedJamf {
  readonly url: string;
  /** When the list of computers was asked for, in milliseconds since the epoch. */
  readonly listed: readonly number[];
  /**
   * Holds the answer to the next request for a device, which shows the version that the device has when it
   * is asked for.
   *
   * @returns when it was asked for, and how the answer is let go.
   */
  holdNext(device: number): { readonly asked: Promise<void>; letGo(): void };
  stop(): Promise<void>;
}

/** The only computer of the list; nobody posts events about it. */
export const listedDevice = 800_000_017;

interface Held {
  readonly asked: PromiseWithResolvers<void>;
  readonly passed: PromiseWithResolvers<void>;
}

/** Starts it; `version` gives the version of a device. */
export function startVersionedJamf(version: (device: number) => number): VersionedJamf {
  const listed: number[] = [];
  const held = new Map<number, Held>();
  const answer = async (device: number) => {
    const name = String(version(device));
    const holding = held.get(device);
    held.delete(device);
    holding?.asked.resolve();
    await holding?.passed.promise;
    return Response.json({
      computer: { general: { id: device, serial_number: String(device), name } },
    });
  };
  const vendor: Vendor = startVendor({
    routes: [{
      method: "POST",
      path: "/api/v1/auth/token",
      answer: () =>
        Response.json({ token: "t", expires: new Date(Date.now() + 1e7).toISOString() }),
    }, {
      method: "GET",
      path: "/JSSResource/computers",
      answer: ({ at }) => {
        listed.push(at);
        return Response.json({ computers: [{ id: listedDevice, name: "listed" }] });
      },
    }, {
      method: "GET",
      path: /^\/JSSResource\/computers\/id\/(\d+)/,
      answer: (_call, match) => answer(Number(match?.[1])),
    }],
  });
  return {
    url: vendor.url,
    listed,
    holdNext(device) {
      const holding = {
        asked: Promise.withResolvers<void>(),
        passed: Promise.withResolvers<void>(),
      };
      held.set(device, holding);
      return { asked: holding.asked.promise, letGo: () => holding.passed.resolve() };
    },
    stop: () => vendor.stop(),
  };
}
