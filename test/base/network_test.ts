/**
 * Addresses and networks.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { isLoopback, parseNetworks, plainAddress } from "../../src/base/network.ts";

test("addresses and networks of both families are distinguished from all else", () => {
  const text = "192.0.2.0/24, 198.51.100.7\t2001:db8::/32 ::1";
  const { networks, invalid } = parseNetworks(text);
  expect(invalid).toEqual([]);
  for (
    const [address, isIn] of [
      ["192.0.2.0", true],
      ["192.0.2.255", true],
      ["192.0.3.0", false],
      ["198.51.100.7", true],
      ["198.51.100.8", false],
      ["::ffff:192.0.2.9", true],
      ["2001:DB8:ffff::1", true],
      ["2001:db9::1", false],
      ["::1", true],
      ["fe80::1%eth0", false],
      ["", false],
      ["unix", false],
      ["192.0.2.1.example.com", false],
    ] as const
  ) expect({ address, isIn: networks.has(address) }).toEqual({ address, isIn });
});

test("what is no network is named, and the rest holds", () => {
  const { networks, invalid } = parseNetworks(
    "10.0.0.0/33 10.0.0.0/-1 10.0.0/8 10.0.0.0/8/8 host ::/129 10.1.0.0/16 1.2.3.4/ 10.0.0.0/a",
  );
  expect(invalid).toEqual([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0/8",
    "10.0.0.0/8/8",
    "host",
    "::/129",
    "1.2.3.4/",
    "10.0.0.0/a",
  ]);
  expect(networks.has("10.1.2.3")).toBe(true);
  expect(networks.isEmpty).toBe(false);
  expect(parseNetworks(" , ").networks.isEmpty).toBe(true);
});

test("everything and nothing are networks, too", () => {
  expect(parseNetworks("0.0.0.0/0").networks.has("203.0.113.1")).toBe(true);
  expect(parseNetworks("0.0.0.0/0").networks.has("2001:db8::1")).toBe(false);
  expect(parseNetworks("203.0.113.1/32").networks.has("203.0.113.1")).toBe(true);
});

test("loopback has many names", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"]) {
    expect({ address, is: isLoopback(address) }).toEqual({ address, is: true });
  }
  for (const address of ["0.0.0.0", "::", "128.0.0.1", "127.example.com", ""]) {
    expect({ address, is: isLoopback(address) }).toEqual({ address, is: false });
  }
  expect(plainAddress("FE80::1%en0")).toBe("fe80::1");
});
