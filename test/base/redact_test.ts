/**
 * Secrets are masked in every spelling that they take on the wire.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";

function redactorOf(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

const secret = `pä/s&w+"o r\\d'<€>%2F~!*()`;

function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

function asciiJson(text: string): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[^ -~]/g, escape);
}

function strictComponent(text: string): string {
  const escape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, escape);
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll('"', "&quot;").replaceAll("'", "&apos;");
}

const form = new URLSearchParams({ user: "me", password: secret, x: "1" }).toString();
const base64 = Buffer.from(secret).toString("base64");

/** The secret as the functions and habits on the wire spell it, and what is left of the text. */
const wire: readonly (readonly [name: string, text: string, masked: string])[] = [
  ["as it is", secret, "***"],
  ["a JSON text", JSON.stringify({ password: secret }), '{"password":"***"}'],
  [
    "JSON in JSON",
    JSON.stringify({ body: JSON.stringify({ password: secret }) }),
    String.raw`{"body":"{\"password\":\"***\"}"}`,
  ],
  ["JSON in ASCII, as Python writes it", asciiJson(secret), '"***"'],
  ["JSON with escaped slashes", JSON.stringify(secret).replaceAll("/", "\\/"), '"***"'],
  ["a path", `https://example.com/${encodeURIComponent(secret)}/x`, "https://example.com/***/x"],
  ["a path in lower case", `/${lowerHex(encodeURIComponent(secret))}/x`, "/***/x"],
  ["an address that keeps its punctuation", `/?q=${encodeURI(secret)}`, "/?q=***"],
  ["a form", form, "user=me&password=***&x=1"],
  ["a form in lower case", lowerHex(form), "user=me&password=***&x=1"],
  ["a form made by hand", `p=${encodeURIComponent(secret).replaceAll("%20", "+")}`, "p=***"],
  ["an OAuth 1 signature", `p=${strictComponent(secret)}&`, "p=***&"],
  ["a query in a query", encodeURIComponent(`p=${encodeURIComponent(secret)}`), "p%3D***"],
  ["an XML element", `<p>${xmlText(secret)}</p>`, "<p>***</p>"],
  ["an XML attribute", `<p v="${xmlAttribute(secret)}"/>`, '<p v="***"/>'],
  ["HTML", `<b>${xmlText(secret).replaceAll('"', "&#34;").replaceAll("'", "&#39;")}`, "<b>***"],
  ["base64", `"${base64}"`, '"***"'],
  ["base64 for URLs", `"${Buffer.from(secret).toString("base64url")}"`, '"***"'],
  ["base64 in a query", `?key=${encodeURIComponent(base64)}&x`, "?key=***&x"],
];

describe("a secret is masked", () => {
  const redactor = redactorOf(secret);
  for (const [name, text, masked] of wire) {
    test(`in ${name}`, () => {
      expect(redactor.redact(`before ${text} after`)).toBe(`before ${masked} after`);
    });
  }

  test("in a Basic header, whatever the length of the user name", () => {
    const plain = redactorOf("Sup3rSecret");
    for (const user of ["", "a", "ab", "abc", "someone@example.com"]) {
      for (const password of ["Sup3rSecret", "Sup3rSecret:x", "prefix-Sup3rSecret"]) {
        const header = `Basic ${btoa(`${user}:${password}`)}`;
        expect(plain.redact(`Authorization: ${header}, next`)).toBe(
          "Authorization: Basic ***, next",
        );
      }
    }
  });

  test("in a Basic header in Latin-1, and in one of OAuth 2, which encodes twice", () => {
    const redactor = redactorOf("pässwörd&more");
    for (const user of ["a", "ab", "abc"]) {
      const latin = Buffer.from(`${user}:pässwörd&more`, "latin1").toString("base64");
      const oauth = btoa(`${user}:${encodeURIComponent("pässwörd&more")}`);
      expect(redactor.redact(`Basic ${latin} and Basic ${oauth}.`)).toBe(
        "Basic *** and Basic ***.",
      );
    }
  });

  test("with the space around it or without", () => {
    expect(redactorOf(" token-1 \n").redact("x token-1 y")).not.toContain("token-1");
  });

  test("line by line when it has several, but not the frame of a private key", () => {
    const key =
      "-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADANBg\r\nkqhkiG9w0BAQEF\r\n-----END PRIVATE KEY-----\r\n";
    const redactor = redactorOf(key);
    expect(redactor.redact(`<${key}>`)).toBe("<***>");
    expect(redactor.redact("-----BEGIN PRIVATE KEY----- MIIEvQIBADANBg kqhkiG9w0BAQEF"))
      .toBe("-----BEGIN PRIVATE KEY----- *** ***");
  });

  test("when a long text is cut in the middle of it", () => {
    const redactor = redactorOf("correct-horse-battery");
    expect(redactor.redact("body: {token: correct-hor")).toBe("body: {token: ***");
    expect(redactor.redact("body: correct-hor… (4 KB)")).toBe("body: ***… (4 KB)");
    expect(redactor.redact("body: correct-hor... (4 KB)")).toBe("body: ***... (4 KB)");
    expect(redactor.redact("is it correct-ish?")).toBe("is it correct-ish?");
    expect(redactor.redact("that is corr")).toBe("that is corr");
  });
});

describe("several secrets", () => {
  test("one inside of the other, overlapping, and side by side", () => {
    const redactor = redactorOf("secret", "secret-longer", "abcdef", "defghi");
    expect(redactor.redact("secret-longer secret-lon.")).toBe("*** ***-lon.");
    expect(redactor.redact("1abcdefghi2")).toBe("1***2");
    expect(redactor.redact("secretabcdef")).toBe("***");
    expect(redactor.redact("abcdef\nabcdef")).toBe("***\n***");
  });
});

describe("left as it is", () => {
  test("text without a secret", () => {
    const text = "GET /users?limit=200 gave 200 in 12 ms; dXNlcg== café 👩‍💻";
    expect(redactorOf(secret, "Sup3rSecret").redact(text)).toBe(text);
    expect(createRedactor().redact(text)).toBe(text);
  });

  test("secrets of fewer than four characters, alone or in base64", () => {
    const redactor = redactorOf("", "a", "abc", "  ab ", "\n\n");
    const text = `a abc ab \n\n ${btoa("me:abc")}`;
    expect(redactor.redact(text)).toBe(text);
    expect(redactorOf("abcd").redact("abcd")).toBe("***");
  });
});

test("half a surrogate pair in a secret stops nothing", () => {
  expect(redactorOf("abcd\ud800").redact("x abcd\ud800 y")).toBe("x *** y");
});

test("random secrets leave nothing in random text", () => {
  const alphabet = [..."abAB01+/=-_ &<>\"'\\%é€😀:\n"];
  let state = 7;
  const draw = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const word = (length: number) =>
    Array.from({ length }, () => alphabet[draw(alphabet.length)]).join("");
  for (let round = 0; round < 500; round++) {
    const hidden = `${word(2 + draw(6))}X${word(3 + draw(6))}`;
    const redactor = redactorOf(hidden);
    const [before, after] = [word(draw(8)), word(draw(8))];
    const spellings = [hidden, JSON.stringify(hidden).slice(1, -1), encodeURIComponent(hidden)];
    for (const spelling of spellings) {
      expect(redactor.redact(`${before}${spelling}${after}`)).not.toContain(spelling);
    }
    const basic = Buffer.from(`${before}${hidden}${after}`).toString("base64");
    expect(redactor.redact(`Basic ${basic}!`)).toBe("Basic ***!");
  }
});

/** Milliseconds of processor time since then: others on this machine do not count. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

test("long logs and large texts stay fast, however many secrets there are", () => {
  const secrets = Array.from({ length: 200 }, (_, n) => `${(n * 7919 + 1e6).toString(36)}&"/ü${n}`);
  const redactor = redactorOf(...secrets);
  const line = 'Not sent: asset-1: record {"name": "laptop", "user": "someone@example.com"} '
    .repeat(2);
  const started = process.cpuUsage();
  for (let n = 0; n < 100_000; n++) redactor.redact(line);
  // About 0.1 s here; a search for each spelling of each secret would take ten and more.
  expect(cpuMs(started)).toBeLessThan(3_000);
});

test("a large text full of secrets, or of what begins like one, takes no long time", () => {
  const tokens = Array.from({ length: 20 }, (_, n) => `eyJhbGciOiJSUzI1NiJ9.${n}abcdefgh`);
  const redactor = redactorOf(...tokens);
  const started = process.cpuUsage();
  for (const piece of [...tokens.slice(0, 2), "eyJhbGciOiJSUzI1", "eyJhbGciOiJSUzI1…"]) {
    const text = piece.repeat(20_000);
    for (const shown of [text, Buffer.from(text).toString("base64")]) {
      expect(redactor.redact(shown).length).toBeLessThanOrEqual(shown.length);
    }
  }
  expect(cpuMs(started)).toBeLessThan(3_000);
});

test("of what an origin hands out, the newest are masked and the oldest forgotten", () => {
  const redactor = redactorOf("configured-secret", "token-number-3");
  const tokens = Array.from({ length: 1000 }, (_, index) => `token-number-${index}`);
  for (const token of tokens) redactor.add(token, "tokens of a test");
  expect(redactor.redact("token-number-999 and token-number-990.")).toBe("*** and ***.");
  // It was added for good, too.
  expect(redactor.redact("token-number-3.")).toBe("***.");
  expect(redactor.redact("token-number-500.")).toBe("token-number-500.");
  expect(redactor.redact("configured-secret")).toBe("***");
});

test("what is used again stays, and origins do not push each other out", () => {
  const redactor = redactorOf();
  redactor.add("session-of-one", "one");
  for (let index = 0; index < 100; index++) {
    redactor.add("kept-by-its-use", "other");
    redactor.add(`session-${index}-of-other`, "other");
  }
  expect(redactor.redact("session-of-one, kept-by-its-use.")).toBe("***, ***.");
  // Two origins may hand out the same secret.
  redactor.add("shared-by-two", "third");
  redactor.add("shared-by-two", "one");
  for (let index = 0; index < 100; index++) redactor.add(`more-${index}`, "third");
  expect(redactor.redact("shared-by-two.")).toBe("***.");
});

test("in hexadecimal digits", () => {
  const hex = Buffer.from(secret).toString("hex");
  expect(redactorOf(secret).redact(`x ${hex} ${hex.toUpperCase()}`)).toBe("x *** ***");
});
