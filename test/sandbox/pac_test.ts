/**
 * PAC files in the sandbox: the functions with the examples of Mozilla's "Proxy Auto-Configuration (PAC)
 * file", names that are resolved outside, and files that mean harm.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { evaluatePac, type PacLimits } from "../../src/sandbox/pac.ts";
import { evaluateTask, loadPacEngine } from "../../src/sandbox/pac_vm.ts";
import { slow } from "../support/slow.ts";

const addresses: Readonly<Record<string, string>> = {
  "www.mozilla.org": "104.16.41.2",
  "proxied.example.com": "198.95.249.79",
};

function evaluate(script: string, limits: PacLimits = {}, url = "https://www.mozilla.org/") {
  const resolve = (name: string) => Promise.resolve(addresses[name] ?? null);
  const { hostname: host } = new URL(url);
  return evaluatePac({ script, url, host }, { resolve, timeZone: "UTC", ...limits });
}

/** The values of expressions, in one evaluation. */
async function values(expressions: readonly string[], limits: PacLimits = {}): Promise<unknown> {
  const list = `JSON.stringify([${expressions.join(", ")}])`;
  const script = `function FindProxyForURL(url, host) { return ${list}; }`;
  return JSON.parse((await evaluate(script, limits)).result);
}

async function expectValues(
  expected: readonly (readonly [string, unknown])[],
  limits: PacLimits = {},
): Promise<void> {
  const found = await values(expected.map(([expression]) => expression), limits);
  expect(expected.map(([expression], index) => [expression, (found as unknown[])[index]]))
    .toEqual(expected.map((pair) => [...pair]));
}

/** What the engine makes of a script, without a process of its own. */
async function failuresOf(scripts: readonly string[], timeMs = 1000): Promise<string[]> {
  const engine = await loadPacEngine();
  const fixed = { url: "https://x/", host: "x", names: {}, now: 0, timeZone: "UTC" };
  return scripts.map((script) => {
    const reply = evaluateTask(engine, { ...fixed, ownAddress: "192.0.2.7", script, timeMs });
    return "failed" in reply ? reply.failed : JSON.stringify(reply);
  });
}

async function failure(script: string, limits: PacLimits = {}): Promise<string> {
  try {
    return `gave ${JSON.stringify(await evaluate(script, limits))}`;
  } catch (error) {
    return String(error);
  }
}

describe("the functions", () => {
  test("of hosts, names and patterns do as in their examples", async () => {
    await expectValues([
      [`isPlainHostName("www.mozilla.org")`, false],
      [`isPlainHostName("www")`, true],
      [`dnsDomainIs("www.mozilla.org", ".mozilla.org")`, true],
      [`dnsDomainIs("www", ".mozilla.org")`, false],
      [`localHostOrDomainIs("www.mozilla.org", "www.mozilla.org")`, true],
      [`localHostOrDomainIs("www", "www.mozilla.org")`, true],
      [`localHostOrDomainIs("www.google.com", "www.mozilla.org")`, false],
      [`localHostOrDomainIs("home.mozilla.org", "www.mozilla.org")`, false],
      [`isResolvable("www.mozilla.org")`, true],
      [`isResolvable("no-such-host.example.com")`, false],
      [`isInNet("proxied.example.com", "198.95.249.79", "255.255.255.255")`, true],
      [`isInNet("proxied.example.com", "198.95.0.0", "255.255.0.0")`, true],
      [`isInNet("www.mozilla.org", "198.95.0.0", "255.255.0.0")`, false],
      [`isInNet("no-such-host.example.com", "0.0.0.0", "0.0.0.0")`, false],
      [`isInNet("10.1.2.3", "10.0.0.0", "255.0.0.0")`, true],
      [`isInNet(null, "10.0.0.0", "255.0.0.0")`, false],
      [`dnsResolve("www.mozilla.org")`, "104.16.41.2"],
      [`convert_addr("104.16.41.2")`, 1745889538],
      [`myIpAddress()`, "192.0.2.7"],
      [`dnsDomainLevels("www")`, 0],
      [`dnsDomainLevels("mozilla.org")`, 1],
      [`dnsDomainLevels("www.mozilla.org")`, 2],
      [`shExpMatch("http://home.netscape.com/people/ari/index.html", "*/ari/*")`, true],
      [`shExpMatch("http://home.netscape.com/people/montulli/index.html", "*/ari/*")`, false],
      [`shExpMatch("a.example.com", "?.example.com")`, true],
      [`shExpMatch("aXexample", "a.example")`, false],
      [`shExpMatch("${"a".repeat(3000)}", "${"*a".repeat(200)}*b")`, false],
    ], { ownAddress: "192.0.2.7" });
  });

  test("of days and dates do as in their examples", async () => {
    // Tuesday, 24 December 2024, at 12:30:15.
    const now = new Date("2024-12-24T12:30:15Z");
    await expectValues([
      [`weekdayRange("MON", "FRI")`, true],
      [`weekdayRange("MON", "FRI", "GMT")`, true],
      [`weekdayRange("SAT")`, false],
      [`weekdayRange("TUE", "GMT")`, true],
      [`weekdayRange("FRI", "MON")`, false],
      [`weekdayRange("SAT", "TUE")`, true],
      [`dateRange(1)`, false],
      [`dateRange(24, "GMT")`, true],
      [`dateRange(1, 15)`, false],
      [`dateRange(24, "DEC")`, true],
      [`dateRange(24, "DEC", 1995)`, false],
      [`dateRange("JAN", "MAR")`, false],
      [`dateRange("NOV", "JAN")`, true],
      [`dateRange(1, "JUN", 15, "AUG")`, false],
      [`dateRange(20, "DEC", 6, "JAN")`, true],
      [`dateRange(1, "JUN", 1995, 15, "AUG", 1995)`, false],
      [`dateRange(1, "JUN", 2024, 15, "AUG", 2025)`, true],
      [`dateRange("OCT", 1995, "MAR", 1996)`, false],
      [`dateRange("OCT", 2024, "MAR", 2025)`, true],
      [`dateRange(2024)`, true],
      [`dateRange(1995, 1997)`, false],
    ], { now });
  });

  test("of hours do as in their examples, in the time zone of the machine", async () => {
    const now = new Date("2024-12-24T12:30:15Z");
    await expectValues([
      [`timeRange(12)`, true],
      [`timeRange(12, 13)`, true],
      [`timeRange(12, "GMT")`, true],
      [`timeRange(9, 17)`, true],
      [`timeRange(9, 12)`, false],
      [`timeRange(8, 30, 17, 0)`, true],
      [`timeRange(0, 0, 0, 0, 0, 30)`, false],
      [`timeRange(22, 13)`, true],
    ], { now });
    await expectValues([
      [`timeRange(21)`, true],
      [`timeRange(12, "GMT")`, true],
      [`timeRange(12)`, false],
      [`new Date(2024, 11, 24, 21, 30, 15).getTime()`, now.getTime()],
    ], { now, timeZone: "Asia/Tokyo" });
  });
});

test("a file in the style of the nineties runs: undeclared variables, eval, with", async () => {
  const script = `
    names = new Array("a.example.com", "www.mozilla.org");
    function FindProxyForURL(url, host) {
      for (i = 0; i < names.length; i++) with (names) if (names[i] == host) found = eval("i");
      alert("found " + found);
      return "PROXY proxy" + found + ".example.com:8080; DIRECT";
    }`;
  expect(await evaluate(script)).toEqual({
    result: "PROXY proxy1.example.com:8080; DIRECT",
    said: ["found 1"],
  });
});

test("each name is resolved once, also when the script catches what stops it", async () => {
  const asked: string[] = [];
  const script = `function FindProxyForURL(url, host) {
    try { if (isInNet("a.example.com", "10.0.0.0", "255.0.0.0")) return "PROXY a:1"; }
    catch (e) { return "PROXY wrong:1"; }
    return isResolvable("b.example.com") && isResolvable("a.example.com") ? "DIRECT" : "PROXY none:1";
  }`;
  const resolve = (name: string) => {
    asked.push(name);
    return Promise.resolve("192.0.2.1");
  };
  expect((await evaluate(script, { resolve })).result).toBe("DIRECT");
  expect(asked).toEqual(["a.example.com", "b.example.com"]);
});

test("a script sees nothing of the agent", async () => {
  const script = `function FindProxyForURL() {
    return ["process", "Bun", "require", "fetch", "console", "std", "os"]
      .map(function (name) { return typeof globalThis[name]; }).join();
  }`;
  expect((await evaluate(script)).result).toBe(Array(7).fill("undefined").join());
});

describe("a file that means harm", () => {
  const find = (body: string) => `function FindProxyForURL(url, host) { ${body} }`;

  async function expectFailures(cases: readonly (readonly [string, string])[]): Promise<void> {
    const failures = await failuresOf(cases.map(([script]) => script));
    expect(failures).toEqual(cases.map(([, reason]) => expect.stringContaining(reason)));
  }

  test("and throws, or has no function, fails with a reason", async () => {
    await expectFailures([
      ["function Find() {}", "defines no function FindProxyForURL"],
      ["function (", "failed: SyntaxError: "],
      [find(`throw new Error("oh");`), "failed: Error: oh"],
      [find(`throw null;`), "failed: null"],
    ]);
  });

  test("and returns what is no text fails with a reason", async () => {
    await expectFailures([
      [find(``), "returns a value of type undefined instead of a text"],
      [find(`return { toString() { for (;;); } };`), "returns a value of type object"],
      [find(`return "x".repeat(1e5);`), "returns a text of 100000 characters"],
      [find(`return FindProxyForURL(url, host);`), "failed: "],
    ]);
    expect(await failuresOf([find("return null;")])).toEqual([`{"result":"DIRECT","said":[]}`]);
  });

  test("that never ends is stopped", async () => {
    const endless = ["for (;;) {}", find("for (;;) try { for (;;); } catch (e) {}")];
    for (const text of await failuresOf(endless, 50)) expect(text).toBe("takes longer than 0.05 s");
    expect(await failure(find("for (;;);"), { timeMs: 50 })).toContain("takes longer than 0.05 s");
  });

  test("that takes all memory is stopped", async () => {
    const grow = find(`var a = []; for (;;) a.push(new Array(10000).fill("x"));`);
    expect(await failure(grow, { timeMs: 20_000 })).toContain("takes more than 32 MB of memory");
  });

  test("that asks for ever more names is stopped", async () => {
    const script = `function FindProxyForURL(url, host) {
      for (var i = 0;; i++) dnsResolve("n" + i + ".example.com");
    }`;
    let asked = 0;
    const resolve = () => {
      asked++;
      return Promise.resolve(null);
    };
    expect(await failure(script, { resolve }))
      .toContain("asks for the addresses of more than 32 names");
    expect(asked).toBeLessThanOrEqual(33);
  });

  test("that asks for names that nobody answers is stopped", async () => {
    const script = `function FindProxyForURL(url, host) {
      for (var i = 0;; i++) dnsResolve("n" + i + ".example.com");
    }`;
    const resolve = () => new Promise<null>((done) => setTimeout(() => done(null), 200));
    expect(await failure(script, { resolve, killAfterMs: 500 }))
      .toContain("was stopped after 0.5 s");
  });

  slow("that the interpreter cannot interrupt is killed", async () => {
    const script = `function FindProxyForURL() {
      return "PROXY " + /^(a+)+$/.test(new Array(200).join("a") + "b");
    }`;
    expect(await failure(script, { timeMs: 100_000, killAfterMs: 2000 }))
      .toContain("was stopped after 2 s");
  });
});
