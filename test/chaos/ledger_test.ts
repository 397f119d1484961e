/**
 * What is told of promises and arrivals.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Ledger } from "./ledger.ts";

test("an answered event whose version never arrives is lost, one that was refused is not", () => {
  const ledger = new Ledger();
  const version = ledger.change(1);
  ledger.answer(1, version, true);
  ledger.answer(2, ledger.change(2), false);
  expect(ledger.lost).toEqual([{ device: 1, promised: 1, arrived: 0 }]);
  ledger.change(1);
  ledger.arrive(1, 2);
  expect(ledger.lost).toEqual([]);
  expect([ledger.promises, ledger.refusals]).toEqual([1, 1]);
});

test("a record that is older than what is there is a stale overwrite, and keeps no promise", () => {
  const ledger = new Ledger();
  ledger.answer(1, 3, true);
  ledger.arrive(1, 2, 10);
  ledger.arrive(1, 1, 20);
  expect(ledger.stale).toEqual([{ device: 1, version: 1, newer: 2, at: 20 }]);
  expect(ledger.lost).toEqual([{ device: 1, promised: 3, arrived: 2 }]);
});

test("a record that comes more often than its events is sent again", () => {
  const ledger = new Ledger();
  ledger.post(1);
  ledger.arrive(1, 1);
  expect(ledger.duplicates).toBe(0);
  ledger.arrive(1, 1);
  ledger.arrive(1, 1);
  expect(ledger.duplicates).toBe(2);
  ledger.post(1);
  expect(ledger.duplicates).toBe(1);
  expect(ledger.allArrivals).toBe(3);
});
