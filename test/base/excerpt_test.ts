/**
 * What is quoted of answers is cut, and never through a secret: in every spelling and at every cut, nothing
 * of it is left, wherever the agent quotes an answer.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { excerpt } from "../../src/base/excerpt.ts";
import { createRedactor, type Redactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import { connect } from "../../src/oomnitza/client.ts";
import { createHttp, type Http } from "../../src/sdk/http/http.ts";
import { requestToken } from "../../src/sdk/http/token.ts";
import { createVendorHttp } from "../../src/sdk/http/vendor.ts";
import { callSoap } from "../../src/sdk/soap/soap.ts";
import { describeErrors } from "../../src/secrets/vault_answers.ts";
import { classifyResponse } from "../../src/sync/deliver/response.ts";
import { formsOf } from "../canary/spellings.ts";

const secret = "Qz7-Canary/pä ss+w&rd=<%>\"x'K9";

/** A spelling of the secret as an answer has it. */
interface Written {
  readonly text: string;
  /** The part of it that only the secret makes. */
  readonly own: string;
}

/** Base64 of the secret behind so many other bytes, as in a Basic header. */
function inBase64(before: number): Written {
  const text = Buffer.from(`${"u".repeat(before)}${secret}:end`).toString("base64");
  return { text, own: text.slice(Math.ceil(before * 8 / 6), -8) };
}

/** The search of the canary knows parts of base64 as well, which do not stand alone in an answer. */
const plain = [...new Set(formsOf(secret).map((form) => form.toString("utf8")))]
  .filter((text) => !text.includes("\0") && (text.startsWith("Qz7-") || /^[\da-f]+$/i.test(text)));
const spellings: readonly Written[] = [
  ...plain.map((text) => ({ text, own: text })),
  ...[0, 1, 2].map(inBase64),
];

/** Where an excerpt is cut, and where the agent stops to look at an answer. */
const cut = 300;
const inspected = 100_000;

/** Whether so many characters of a spelling are there, from its beginning. */
function leaks(text: string, own: string, characters = 3): boolean {
  return text.includes(own.slice(0, characters));
}

function redactorOf(): Redactor {
  const redactor = createRedactor();
  redactor.add(secret);
  return redactor;
}

test("a spelling across the cut is masked before it, wherever it begins", () => {
  const redactor = redactorOf();
  const redact = (text: string) => redactor.redact(text);
  expect(spellings.length).toBeGreaterThan(12);
  for (const { text, own } of spellings) {
    for (let from = cut - text.length; from <= cut; from++) {
      const quoted = excerpt(`${".".repeat(from)}${text} and so on`, { redact });
      // What is logged is masked once more.
      const shown = redact(`400 ${quoted} (POST /api/v3/bulk)`);
      expect({ text, from, leak: leaks(shown, own) && shown }).toEqual({ text, from, leak: false });
      expect(quoted.length).toBeLessThanOrEqual(cut + 1);
    }
  }
});

test("so is one across the end of what is looked at, behind blanks that are left out", () => {
  const redactor = redactorOf();
  const redact = (text: string) => redactor.redact(text);
  for (const { text, own } of spellings) {
    for (const kept of [1, 2, 3, 5, 6, own.length - 1]) {
      const front = text.indexOf(own);
      const blanks = " ".repeat(inspected - kept - front - 1);
      const shown = redact(excerpt(`.${blanks}${text}`, { redact }));
      const leak = leaks(shown.slice(1 + front), own, Math.min(kept, 3)) && shown;
      expect({ text, kept, leak }).toEqual({ text, kept, leak: false });
    }
  }
});

test("tags and blanks are left out of what is masked already", () => {
  const redactor = redactorOf();
  const redact = (text: string) => redactor.redact(text);
  const page = `<html><p>You sent\n\n  ${secret} </p></html>`;
  expect(excerpt(page, { redact, withoutTags: true })).toBe("You sent ***");
  expect(excerpt("short", { redact })).toBe("short");
  expect(excerpt("x".repeat(cut + 1), { redact })).toBe(`${"x".repeat(cut)}…`);
});

let body = "";
let status = 400;
let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(body, { status }),
  });
});
afterAll(() => server.stop(true));

/** What surrounds a client that is tried once. */
function surroundings(redactor: Redactor) {
  const url = `http://127.0.0.1:${server.port}`;
  const log = createLog("test", redactor, []);
  const retry = { attempts: 1, budgetMs: 0 };
  const signal = new AbortController().signal;
  const http: Http = createHttp({
    base: url,
    tls: { verify: true },
    timeoutMs: 5000,
    retry,
    log,
    signal,
  });
  const vendor = createVendorHttp({
    http,
    auth: undefined,
    title: "Vendor",
    section: "vendor",
    credentials: [],
    redactor,
  });
  return { url, log, retry, signal, http, vendor };
}

async function messageOf(work: Promise<unknown>): Promise<string> {
  return await work.then(() => "", (thrown: Error) => thrown.message);
}

function wrap(text: string): string {
  return `${text} and so on`;
}

/** Each place that quotes an answer: how it is brought to, and how many characters it puts in front. */
const places: readonly {
  readonly place: string;
  readonly status?: number;
  /** The answer that has a text in it, where that is not the answer itself. */
  readonly answer?: (text: string) => string;
  readonly quote: (redactor: Redactor) => Promise<string>;
}[] = [
  {
    place: "Oomnitza refuses an upload",
    quote(redactor) {
      const outcome = classifyResponse(
        { status, body },
        "/api/v3/bulk",
        (text) => redactor.redact(text),
      );
      return Promise.resolve("reason" in outcome ? outcome.reason : "");
    },
  },
  {
    place: "Oomnitza answers with a page",
    status: 200,
    quote(redactor) {
      const outcome = classifyResponse(
        { status, body },
        "/api/v3/bulk",
        (text) => redactor.redact(text),
      );
      return Promise.resolve("reason" in outcome ? outcome.reason : "");
    },
  },
  ...[400, 200].map((status) => ({
    place: `Oomnitza answers the sign-in with ${status}`,
    status,
    quote(redactor: Redactor) {
      const { url, log, signal, retry } = surroundings(redactor);
      const values = { url, api_token: "another-token", username: "", password: "" };
      const rest = { verify_ssl: true, cacert_file: "", cacert_dir: "", user_pem_file: "" };
      const settings = { ...values, ...rest, proxy: "none", redirect_hosts: "", timeout: 5 };
      const context = { log, redactor, signal, env: {}, retry };
      return messageOf(connect(settings as never, context));
    },
  })),
  {
    place: "a vendor answers with an error",
    quote: (redactor) => messageOf(surroundings(redactor).vendor.json({ path: "/x" }, z.unknown())),
  },
  {
    place: "a vendor refuses a token",
    quote: (redactor) =>
      messageOf(requestToken(surroundings(redactor).http, {
        title: "Vendor",
        credentials: "password",
        request: { path: "/token" },
        secrets: [secret],
        shape: z.unknown(),
        read: () => "none",
      })),
  },
  {
    place: "a SOAP service answers with a fault",
    status: 500,
    answer: (text) => {
      const string = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      return `<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>e:Client</faultcode>` +
        `<faultstring>${string}</faultstring></e:Fault></e:Body></e:Envelope>`;
    },
    quote: (redactor) => {
      const { vendor, url } = surroundings(redactor);
      return messageOf(callSoap(
        vendor,
        {
          service: { endpoint: url, actions: {} },
          namespace: "urn:x",
          username: "user",
          password: secret,
          classifyFault: () => undefined,
        } as never,
        { operation: "Echo", request: {}, what: "the echo" },
        z.unknown(),
      ));
    },
  },
  {
    place: "Vault reports an error",
    answer: (text) => JSON.stringify({ errors: [text] }),
    quote: (redactor) => Promise.resolve(describeErrors(body, redactor)),
  },
];

test.each(places.map((each): [string, typeof each] => [each.place, each]))(
  "%s: nothing of the secret is quoted",
  async (_, { status: answered = 400, answer = wrap, quote }) => {
    status = answered;
    for (
      const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
    ) {
      // The excerpt begins with the answer: what is in front of it does not move the cut.
      for (const kept of [3, 4, 5, 6, 7, 12, spelling.length - 1, spelling.length]) {
        const redactor = redactorOf();
        const text = `${".".repeat(cut - kept)}${spelling}`;
        body = answer(text);
        const shown = redactor.redact(await quote(redactor));
        expect(shown).toContain("....");
        expect({ spelling, kept, leak: leaks(shown, spelling) && shown })
          .toEqual({ spelling, kept, leak: false });
      }
    }
  },
);
