/**
 * `mac_model_from_sn` against a service on loopback.
 *
 * @module
 */

import { afterAll, beforeEach, expect, test } from "bun:test";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { createHttp } from "../../src/sdk/http/http.ts";
import type { ConverterContext } from "../../src/sdk/mod.ts";
import { convert, converterOf } from "./converter_run.ts";

let asked: string[] = [];
let answer = () => new Response("MacBook Pro (14-inch)");
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    asked.push(new URL(request.url).search);
    return answer();
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  asked = [];
  answer = () => new Response("MacBook Pro (14-inch)");
});

const call = `mac_model_from_sn:url=http://127.0.0.1:${server.port}/`;

function prepare(signal: AbortSignal = new AbortController().signal): unknown {
  const log = createLog("test", createRedactor(), []);
  const http = createHttp({ base: "", tls: { verify: true }, timeoutMs: 2000, log, signal });
  const context: ConverterContext = {
    log,
    http,
    signal,
    oomnitza: { get: () => Promise.reject(new Error("not to be asked")) },
  };
  return converterOf(call).prepare?.(context, []);
}

function mac(serial: unknown): { value: string; record: Record<string, unknown> } {
  return { value: "Mac", record: { general: { serial_number: serial } } };
}

test("gives the text of the answer, asking once for each serial number", async () => {
  const state = await prepare();
  const outcomes = await Promise.all(
    ["A&b c", "A&b c", "D"].map((serial) => convert(call, mac(serial), state)),
  );
  expect(outcomes.map(({ result }) => result)).toEqual(Array(3).fill("MacBook Pro (14-inch)"));
  expect(asked.sort()).toEqual(["?sn=A%26b+c", "?sn=D"]);
});

test("keeps the value when the service knows no model", async () => {
  answer = () => new Response("Error: no such serial");
  const outcome = await convert(call, mac("A"), await prepare());
  expect(outcome.result).toBe("Mac");
  expect(outcome.problems).toEqual([
    { problem: "the service knows no model for the serial number", level: "error" },
  ]);
});

test("keeps the value when the service refuses, and asks only once for a serial number", async () => {
  answer = () => new Response("MacBook", { status: 404 });
  const state = await prepare();
  for (let time = 0; time < 2; time++) {
    const outcome = await convert(call, mac("A"), state);
    expect(outcome.result).toBe("Mac");
    expect(outcome.problems.map(({ problem }) => problem)).toEqual([
      "the service answers with 404",
    ]);
  }
  expect(asked).toHaveLength(1);
});

test("stops asking a service that failed three times in a row", async () => {
  answer = () => new Response("down", { status: 400 });
  const state = await prepare();
  for (const serial of ["A", "B", "C", "D", "E"]) await convert(call, mac(serial), state);
  expect(asked).toHaveLength(3);
  const { result, problems } = await convert(call, mac("F"), state);
  expect(result).toBe("Mac");
  expect(problems[0]?.problem).toContain("not used any more");
});

test("keeps the value when nobody listens", async () => {
  const outcome = await convert(
    "mac_model_from_sn:url=http://127.0.0.1:1/",
    mac("A"),
    await prepare(),
  );
  expect(outcome.result).toBe("Mac");
  expect(outcome.problems).toHaveLength(1);
});

test("gives null for records without a serial number, asking nobody", async () => {
  const state = await prepare();
  for (
    const record of [{}, { general: null }, { general: {} }, { general: { serial_number: "" } }]
  ) {
    expect((await convert(call, { value: "Mac", record }, state)).result).toBeNull();
  }
  expect(asked).toEqual([]);
});

test("fails when the run is aborted", async () => {
  const abort = new AbortController();
  const state = await prepare(abort.signal);
  abort.abort(new Error("stop"));
  expect((await convert(call, mac("A"), state)).thrown).toBeDefined();
});
