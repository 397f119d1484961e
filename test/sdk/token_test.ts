/**
 * Tokens: how they are asked for, and that vendors' errors do not give them away.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { z } from "zod";
import { createLog } from "../../src/logging/log.ts";
import { AuthError, SourceError } from "../../src/base/errors.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { tokenAuth } from "../../src/sdk/http/auth.ts";
import { createHttp } from "../../src/sdk/http/http.ts";
import { expiresIn, requestToken } from "../../src/sdk/http/token.ts";
import type { Answer } from "../../src/sdk/http/http.ts";
import { createVendorHttp } from "../../src/sdk/http/vendor.ts";
import { startVendor, type Vendor, type VendorRoute } from "../support/vendor.ts";

const shape = z.object({ access_token: z.string().optional(), error: z.string().optional() });

function client({ url }: Vendor) {
  return createHttp({
    base: url,
    tls: { verify: true },
    timeoutMs: 5000,
    retry: { attempts: 1, budgetMs: 1 },
    log: createLog("test", createRedactor(), []),
    signal: new AbortController().signal,
  });
}

function ask(vendor: Vendor) {
  return requestToken(client(vendor), {
    title: "Example",
    credentials: "client_id and client_secret",
    request: { method: "POST", path: "/token", body: "{}" },
    shape,
    read: ({ access_token, error }) =>
      access_token === undefined
        ? error ?? "none"
        : { value: access_token, expires: expiresIn(60) },
  });
}

function answering(answer: VendorRoute["answer"]) {
  return startVendor({ routes: [{ method: "POST", path: "/token", answer }] });
}

test("requestToken() gives the token and when it ends", async () => {
  await using vendor = answering(() => Response.json({ access_token: "abc" }));
  const begun = Date.now();
  const { value, expires } = await ask(vendor);
  expect(value).toBe("abc");
  expect(expires).toBeGreaterThanOrEqual(begun + 60_000);
  expect(expires).toBeLessThanOrEqual(Date.now() + 60_000);
  expect(expiresIn(undefined)).toBeUndefined();
});

test("refused credentials are an AuthError that names the options, whatever the status", async () => {
  const answers = [
    () => Response.json({ error: "invalid_client" }, { status: 401 }),
    () => Response.json({ error: "invalid_client" }, { status: 400 }),
    () => Response.json({ error: "invalid_client" }),
  ];
  for (const answer of answers) {
    await using vendor = answering(answer);
    const error = await ask(vendor).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).message).toContain("invalid_client");
    expect((error as AuthError).message).toContain("POST /token");
    expect((error as AuthError).hint).toBe("Check client_id and client_secret.");
  }
});

test("an answer that is none is a SourceError", async () => {
  const answers = [
    () => new Response("oops", { status: 500 }),
    () => new Response("not JSON"),
    () => Response.json([1]),
  ];
  for (const answer of answers) {
    await using vendor = answering(answer);
    const error = await ask(vendor).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
  }
});

test("an error that repeats the token is reported without it, with the hint for its status", async () => {
  const token = "t0ken-fresh+from/the=vendor";
  await using vendor = startVendor({
    routes: [{
      method: "GET",
      path: "/list",
      answer: ({ headers }) =>
        Response.json({ you: headers.get("authorization"), also: token }, { status: 403 }),
    }],
  });
  const http = createVendorHttp({
    redactor: createRedactor(),
    http: client(vendor),
    auth: tokenAuth(() => Promise.resolve({ value: token })),
    title: "Example",
    section: "example",
    credentials: [],
  });
  const request = { path: "/list", hints: { 403: "Ask for the right to read." } };
  const error = await http.json(request, z.unknown()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AuthError);
  expect((error as AuthError).message).toContain("***");
  expect((error as AuthError).message).not.toContain("t0ken");
  expect((error as AuthError).hint).toBe("Ask for the right to read.");
});

test.each([
  [
    "read by the source",
    ({ headers }: Answer) => headers.get("x-error") ?? undefined,
    "no such list",
  ],
  ["not read by the source", undefined, "see below"],
])("a vendor's own error message, %s", async (_, readErrorMessage, message) => {
  await using vendor = startVendor({
    routes: [{
      method: "GET",
      path: "/list",
      answer: () =>
        new Response("see below", { status: 404, headers: { "X-Error": "no such list" } }),
    }],
  });
  const http = createVendorHttp({
    redactor: createRedactor(),
    http: client(vendor),
    auth: undefined,
    readErrorMessage,
    title: "Example",
    section: "example",
    credentials: [],
  });
  await expect(http.text({ path: "/list" })).rejects.toThrow(
    `Cannot load data from Example [example]: 404 ${message} (GET /list)`,
  );
});

test("xml() asks for XML, and names the request when it is none", async () => {
  await using vendor = startVendor({
    routes: [{
      method: "GET",
      path: "/list",
      answer: ({ headers, query }) =>
        headers.get("accept") !== "application/xml"
          ? new Response("not acceptable", { status: 406 })
          : new Response(query.has("cut") ? "<a><b>" : "<a><b>1</b></a>"),
    }],
  });
  const http = createVendorHttp({
    redactor: createRedactor(),
    http: client(vendor),
    auth: undefined,
    title: "Example",
    section: "example",
    credentials: [],
  });
  const xml = z.object({ a: z.object({ b: z.string() }) });
  expect(await http.xml({ path: "/list" }, xml)).toEqual({ a: { b: "1" } });
  const error = await http.xml({ path: "/list?cut" }, xml).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  expect(String(error)).toContain("not valid XML");
  expect(String(error)).toContain("GET /list");
});
