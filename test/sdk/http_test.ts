/**
 * The HTTP blocks that sources share.
 *
 * @module
 */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { basicAuth, tokenAuth } from "../../src/sdk/http/auth.ts";
import { createRateLimiter } from "../../src/sdk/http/rate_limiter.ts";
import { ConnectionError, createHttp, type HttpSettings } from "../../src/sdk/http/http.ts";
import { nextLink, pages, pathOfLink } from "../../src/sdk/http/paging.ts";
import { longestWait, parseReset, parseRetryAfter, waitBefore } from "../../src/sdk/http/retry.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { startVendor } from "../support/vendor.ts";

const signal = new AbortController().signal;
const log = createLog("test", createRedactor(), []);

function client(base: string, more: Partial<HttpSettings> = {}) {
  return createHttp({ base, tls: { verify: true }, timeoutMs: 5000, log, signal, ...more });
}

describe("retry", () => {
  test("longestWait() is the table of the Python connector", () => {
    const waits = Array.from({ length: 10 }, (_, index) => longestWait(index + 1) / 1000);
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 120, 120]);
  });
  test("waitBefore() takes any part of it, what the server asks for, and a second at least when throttled", () => {
    expect(waitBefore(4, 503, undefined, () => 0.5)).toBe(2000);
    expect(waitBefore(1, 503, undefined, () => 1)).toBe(0);
    expect(waitBefore(1, 503, 7000)).toBe(7000);
    expect(waitBefore(1, 429, undefined, () => 0)).toBe(1000);
  });
  test("parseRetryAfter() reads seconds and dates", () => {
    const now = Date.parse("2026-01-05T08:00:00Z");
    expect(parseRetryAfter("120", now)).toBe(120_000);
    expect(parseRetryAfter("Mon, 05 Jan 2026 08:00:30 GMT", now)).toBe(30_000);
    expect(parseRetryAfter("Mon, 05 Jan 2026 07:00:00 GMT", now)).toBe(0);
    expect(parseRetryAfter("soon", now)).toBeUndefined();
    expect(parseRetryAfter(null, now)).toBeUndefined();
  });
  test("parseReset() distinguishes epochs from seconds, and heeds the vendor's clock", () => {
    const now = 1_767_600_000_000;
    const seconds = new Headers({ "X-RateLimit-Reset": "40" });
    expect(parseReset(seconds, now)).toBe(41_000);
    expect(parseReset(new Headers({ "X-Rate-Limit-Reset": "1767600030" }), now)).toBe(31_000);
    expect(parseReset(new Headers({ "X-Rate-Limit-Reset": "1767600030000" }), now)).toBe(31_000);
    const ahead = new Headers({
      "X-Rate-Limit-Reset": "1767603630",
      "Date": new Date(now + 3_600_000).toUTCString(),
    });
    expect(parseReset(ahead, now)).toBe(31_000);
    expect(parseReset(new Headers(), now)).toBeUndefined();
  });
});

describe("createHttp()", () => {
  test("follows a redirect to a host that was named, without the credentials", async () => {
    await using other = startVendor({
      routes: [{ method: "GET", path: "/there", answer: () => new Response("there") }],
    });
    const target = `${other.url.replace("127.0.0.1", "localhost")}/there`;
    await using vendor = startVendor({
      routes: [{
        method: "GET",
        path: "/here",
        answer: () => new Response(null, { status: 302, headers: { Location: target } }),
      }],
    });
    const headers = { Authorization: "Basic c2VjcmV0" };
    const http = client(vendor.url, { headers, redirectHosts: ["localhost"] });
    expect((await http.send({ path: "/here" })).body).toBe("there");
    expect(vendor.calls[0]?.headers.get("authorization")).toBe("Basic c2VjcmV0");
    expect(other.calls[0]?.headers.get("authorization")).toBeNull();
  });
  test("refuses every other redirect of data, and shows no query of it", async () => {
    await using other = startVendor({ routes: [] });
    const elsewhere = other.url.replace("127.0.0.1", "localhost");
    let location = "";
    await using vendor = startVendor({
      routes: [{
        method: "GET",
        path: "/here",
        answer: () => new Response(null, { status: 302, headers: { Location: location } }),
      }],
    });
    for (
      const [to, why] of [
        [`${elsewhere}/there?token=t0ken#t0ken`, "another host"],
        [`http://user:t0ken@${new URL(elsewhere).host}/`, "another host"],
        [`//${new URL(elsewhere).host}/there?t0ken`, "another host"],
        ["file:///etc/hostname?t0ken", "neither http nor https"],
        ["data:text/plain,[]", "neither http nor https"],
        ["s3://bucket/key", "neither http nor https"],
        ["blob:x", "neither http nor https"],
        ["http://[", "not a valid address"],
      ] as const
    ) {
      location = to;
      const error = await client(vendor.url).send({ path: "/here" }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(`${error.message} ${error.hint}`).toContain(why);
      expect(`${error.message} ${error.hint}`).not.toContain("t0ken");
    }
    expect(other.calls).toEqual([]);
  });
  test("takes the TLS settings however an address is written, and never leaves https", async () => {
    using identity = makeIdentity("DNS:localhost");
    await using plain = startVendor({ routes: [] });
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { cert: identity.cert, key: identity.key },
      fetch: ({ url }) =>
        url.endsWith("/away")
          ? new Response(null, { status: 302, headers: { Location: `${plain.url}/?t0ken` } })
          : new Response("safe"),
    });
    const tls = { verify: true, ca: [readFileSync(identity.authority, "utf8")] };
    const http = client(`HTTPS://LOCALHOST:${server.port}`, { tls, redirectHosts: ["127.0.0.1"] });
    expect((await http.send({ path: "/" })).body).toBe("safe");
    await expect(http.send({ path: "/away" })).rejects.toThrow(/from https to http \(GET [^?]*$/);
    expect(plain.calls).toEqual([]);
    await server.stop(true);
  });
  test("sends credentials however the same address is written", async () => {
    await using vendor = startVendor({
      routes: [
        { method: "GET", path: "/a", answer: () => new Response("a") },
        { method: "GET", path: "/sub/a", answer: () => new Response("a") },
      ],
    });
    const { port } = new URL(vendor.url);
    const headers = { Authorization: "Basic c2VjcmV0" };
    for (
      const [base, path] of [
        [`HTTP://LOCALHOST:${port}`, "/a"],
        [`http://LocalHost:${port}/sub`, "/a"],
        [`http://localhost:0${port}`, "/a"],
        [`http://localhost:${port}`, `HTTP://LOCALHOST:${port}/a`],
      ] as const
    ) await client(base, { headers }).send({ path });
    const http = client("http://127.0.0.1:1", {});
    const origin = `HTTP://LOCALHOST:${port}/`;
    await http.send({ path: `http://localhost:${port}/a`, origin, headers });
    expect(vendor.calls.map((call) => call.headers.get("authorization")))
      .toEqual(new Array(5).fill(headers.Authorization));
  });
  test("follows 307 of a POST on the same host with its body, and no other redirect of a POST", async () => {
    await using vendor = startVendor({
      routes: [
        {
          method: "POST",
          path: "/a",
          answer: () => new Response(null, { status: 307, headers: { Location: "/b" } }),
        },
        { method: "POST", path: "/b", answer: ({ body }) => new Response(body) },
        {
          method: "POST",
          path: "/c",
          answer: () => new Response(null, { status: 302, headers: { Location: "/b" } }),
        },
      ],
    });
    expect((await client(vendor.url).send({ method: "POST", path: "/a", body: "data" })).body).toBe(
      "data",
    );
    const lost = client(vendor.url).send({ method: "POST", path: "/c", body: "data" });
    await expect(lost).rejects.toThrow("Redirected to /b");
  });
  test("a redirect that never ends is an error", async () => {
    await using vendor = startVendor({
      routes: [{
        method: "GET",
        path: "/loop",
        answer: () => new Response(null, { status: 302, headers: { Location: "/loop" } }),
      }],
    });
    await expect(client(vendor.url).send({ path: "/loop" })).rejects.toThrow(
      "Redirected more than 5 times",
    );
  });
  test("a host that is not there is reported after the attempts, and one that hangs after the time-out", async () => {
    const gone = client("http://127.0.0.1:9", { retry: { attempts: 2, budgetMs: 5000 } });
    await expect(gone.send({ path: "/" })).rejects.toThrow(ConnectionError);
    await using vendor = startVendor({ routes: [] });
    vendor.fail({ on: () => true, times: 5 });
    const slow = client(vendor.url, { timeoutMs: 100, retry: { attempts: 2, budgetMs: 5000 } });
    await expect(slow.send({ path: "/slow" })).rejects.toThrow(
      /No answer within 0.1 s \(GET http:.*\/slow\)/,
    );
  });
  test("the query is encoded, and not shown in errors", async () => {
    await using vendor = startVendor({
      routes: [{ method: "GET", path: "/q", answer: ({ query }) => new Response(query.get("a")) }],
    });
    expect((await client(vendor.url).send({ path: "/q", query: { a: "x&y=+%é" } })).body).toBe(
      "x&y=+%é",
    );
    const gone = client("http://127.0.0.1:9", { retry: { attempts: 1, budgetMs: 1 } });
    const error = await gone.send({ path: "/q", query: { token: "hidden" } }).catch((thrown) =>
      thrown
    );
    expect(error.message).not.toContain("hidden");
  });
});

describe("a policy that is strict", () => {
  test("breaks an attempt off when its time is over, whatever a request may take", async () => {
    await using silent = startVendor({ routes: [], hold: () => new Promise<void>(() => {}) });
    const http = client(silent.url, { timeoutMs: 600_000 });
    const retry = { attempts: 5, budgetMs: 200, isStrict: true };
    const said: string[] = [];
    const sent = http.send({ path: "/", retry, onRetry: (reason) => said.push(reason) });
    await expect(sent).rejects.toThrow("No answer within 0.2 s (GET ");
    expect(said).toEqual([]);
  });
  test("tells why it tries again", async () => {
    await using vendor = startVendor({
      routes: [{ method: "GET", path: "/", answer: () => new Response("ok") }],
    });
    vendor.fail({ on: () => true, times: 2, answer: () => new Response("", { status: 503 }) });
    const said: string[] = [];
    const retry = { attempts: 5, budgetMs: 60_000, isStrict: true };
    const answer = await client(vendor.url).send({
      path: "/",
      retry,
      onRetry: (reason) => said.push(reason),
    });
    expect(answer.status).toBe(200);
    expect(said).toEqual(["503", "503"]);
  });
});

describe("createRateLimiter()", () => {
  test("never lets more through in any window, nor more at once", async () => {
    const rateLimiter = createRateLimiter({ concurrency: 3, requests: 5, perSeconds: 0.2 }, signal);
    const times: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(Array.from({ length: 14 }, () =>
      rateLimiter.run(async () => {
        times.push(performance.now());
        most = Math.max(most, ++running);
        await Bun.sleep(5);
        running--;
      })));
    expect(most).toBeLessThanOrEqual(3);
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 200).length).toBeLessThanOrEqual(5);
    }
  });
  test("pauses when the headers say that the limit is near", async () => {
    const rateLimiter = createRateLimiter({}, signal);
    rateLimiter.observe({
      status: 200,
      headers: new Headers({
        "X-Rate-Limit-Limit": "100",
        "X-Rate-Limit-Remaining": "60",
        "X-Rate-Limit-Reset": "9",
      }),
    });
    const free = performance.now();
    await rateLimiter.run(() => Promise.resolve());
    // A pause would last until the reset, 9 s later.
    expect(performance.now() - free).toBeLessThan(6_000);
    rateLimiter.observe({
      status: 200,
      headers: new Headers({
        "X-Rate-Limit-Limit": "100",
        "X-Rate-Limit-Remaining": "2",
        "X-Rate-Limit-Reset": "0",
      }),
    });
    const held = performance.now();
    await rateLimiter.run(() => Promise.resolve());
    expect(performance.now() - held).toBeGreaterThan(900);
  });
});

describe("authentication", () => {
  afterEach(() => void setSystemTime());
  test("basicAuth() is UTF-8", () => {
    const { headers } = basicAuth("jürgen", "pä:ss");
    expect(headers(client(""))).toEqual({
      Authorization: `Basic ${Buffer.from("jürgen:pä:ss").toString("base64")}`,
    });
  });
  test("tokenAuth() asks once for all who wait, again before the end, and once after a refusal", async () => {
    let asked = 0;
    const http = client("");
    const auth = tokenAuth(async () => {
      await Bun.sleep(5);
      return { value: `t${++asked}`, expires: Date.now() + 3_600_000 };
    });
    const all = await Promise.all([auth.headers(http), auth.headers(http), auth.headers(http)]);
    expect(new Set(all.map((headers) => headers.Authorization))).toEqual(new Set(["Bearer t1"]));
    const renewed = [auth.renew?.(http, all[0] ?? {}), auth.renew?.(http, all[1] ?? {})];
    expect(await Promise.all(renewed)).toEqual([true, true]);
    expect(asked).toBe(2);
    await auth.renew?.(http, all[2] ?? {});
    expect(asked).toBe(2);
    setSystemTime(Date.now() + 3_000_000);
    expect((await auth.headers(http)).Authorization).toBe("Bearer t2");
    setSystemTime(Date.now() + 590_000);
    expect((await auth.headers(http)).Authorization).toBe("Bearer t3");
  });
});

describe("paging", () => {
  test("nextLink() finds next among several links, in one header or in several", () => {
    const one = new Headers({
      Link: '<https://a/?x=1,2>; rel="self", <https://a/?after=b%2B>; title="n"; rel="next"',
    });
    expect(nextLink(one)).toBe("https://a/?after=b%2B");
    const two = new Headers();
    two.append("Link", '<https://a/1>; rel="self"');
    two.append("Link", "<https://a/2>; rel=next");
    expect(nextLink(two)).toBe("https://a/2");
    expect(nextLink(new Headers({ Link: '<https://a/1>; rel="prev"' }))).toBeUndefined();
    expect(nextLink(new Headers())).toBeUndefined();
  });
  test("pathOfLink() stays on the configured host", () => {
    const base = "https://acme-admin.example.com/prefix";
    expect(pathOfLink(base, "/v1?a=%2B")).toBe("https://acme-admin.example.com/v1?a=%2B");
    expect(pathOfLink(base, "https://acme.example.com/v1?a=1")).toBe(
      "https://acme-admin.example.com/v1?a=1",
    );
    for (
      const [own, other] of [
        [base, "https://acme-admin.example.org/v1"],
        // Another tenant, another company, and what only looks like the tenant.
        [base, "https://other.example.com/v1"],
        ["https://vendor.co.uk", "https://other.co.uk/v1"],
        ["https://vendor.co.uk", "https://vendor-x.co/v1"],
        ["https://acme.com", "https://acme-admin.com/v1"],
        [base, "https://acme.evil.example.com/v1"],
      ] as const
    ) expect(() => pathOfLink(own, other)).toThrow("another host");
    expect(() => pathOfLink("http://127.0.0.1:80", "http://127.0.0.2:80/x")).toThrow(
      "another host",
    );
  });
  test("pages() ends a list that runs in a circle", async () => {
    const places: number[] = [];
    async function run() {
      for await (
        const space of pages(1, (at) => Promise.resolve(at), (at) => at === 3 ? 1 : at + 1)
      ) places.push(space);
    }
    await expect(run()).rejects.toThrow("The list repeats itself");
    await Bun.sleep(1);
    expect(places).toEqual([1, 2, 3]);
  });
});
