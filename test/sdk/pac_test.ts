/**
 * PAC files: how one is named, what its answers mean, and how long they and the file are kept.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { pathToFileURL } from "node:url";
import { AgentError } from "../../src/base/errors.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import { type EvaluatePac, type PacAccess, parsePac, parseResult } from "../../src/sdk/http/pac.ts";
import { PacFile } from "../../src/sdk/http/pac_file.ts";
import { createHttp } from "../../src/sdk/http/http.ts";
import { createProxyFinder, proxyOption } from "../../src/sdk/http/proxy.ts";
import { readOption } from "../../src/sdk/option.ts";
import { startProxy } from "../support/http_proxy.ts";
import { freePort } from "../support/tls_server.ts";
import { workspace } from "../support/workspace.ts";

/** A web server of one file, which can be changed. */
function serveFile(first: string) {
  const state = { text: first, status: 200, asked: 0 };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch() {
      state.asked++;
      return new Response(state.text, { status: state.status });
    },
  });
  const address = `http://127.0.0.1:${server.port}/proxy.pac`;
  return { state, address, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** An evaluator for which the text of the file is the answer, and the lines that were logged. */
function access(evaluate?: EvaluatePac) {
  const lines: string[] = [];
  const asked: string[] = [];
  const given: PacAccess = {
    evaluate: evaluate ?? (({ script, url, host }) => {
      asked.push(`${url} ${host}`);
      return Promise.resolve({ result: script, said: [] });
    }),
    tls: { verify: true },
    log: createLog("test", createRedactor(), [
      ({ level, message }) => lines.push(`${level}: ${message}`),
    ]),
  };
  return { given, lines, asked };
}

function pacFile(address: string, clock?: () => number): PacFile {
  return new PacFile({ address, login: {}, password: "" }, clock);
}

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

describe("the option", () => {
  test("names a file on a web server or on this machine", () => {
    expect(parsePac("pac+https://pac.example.com/proxy.pac?site=1"))
      .toMatchObject({ address: "https://pac.example.com/proxy.pac?site=1", login: {} });
    expect(parsePac("PAC+HTTP://pac.example.com")?.address).toBe("http://pac.example.com/");
    expect(parsePac("pac+file:///etc/proxy.pac")?.address).toBe("file:///etc/proxy.pac");
    expect(parsePac("pac+file:///C:/Agent/proxy.pac")?.address).toBe("file:///C:/Agent/proxy.pac");
  });

  test("says how to log in at the proxies, but never where everybody can have it", () => {
    expect(parsePac("pac+http://:@pac.example.com/x")?.login).toEqual({ negotiate: true });
    expect(parsePac("pac+file://:@/etc/proxy.pac")).toMatchObject({
      address: "file:///etc/proxy.pac",
      login: { negotiate: true },
    });
    const own = parsePac("pac+https://us%20er:p%40ss@pac.example.com/x");
    expect(own?.password).toBe("p@ss");
    expect(own?.address).toBe("https://pac.example.com/x");
    expect(own?.login.authorization)
      .toBe(`Basic ${Buffer.from("us er:p@ss").toString("base64")}`);
    expect(parsePac("pac+http://user:pass@pac.example.com/x")).toBeUndefined();
  });

  test("is checked with the configuration", () => {
    const option = proxyOption();
    for (const text of ["pac+https://p/x.pac", "pac+file:///x.pac", "pac+http://:@p/x.pac"]) {
      expect([text, readOption(option, text).ok]).toEqual([text, true]);
    }
    for (
      const text of [
        ...["pac+", "pac+https://", "pac+ftp://p/x", "pac+file://", "pac+file:///"],
        ...["pac+socks://p", "pac+http://u:p@p/x", "pac+https://p/x#a"],
      ]
    ) {
      expect([text, readOption(option, text).ok]).toEqual([text, false]);
    }
    const secrets = createProxyFinder("pac+https://u:s3cret@p/x", {}).secrets;
    expect(secrets).toEqual(["s3cret"]);
  });
});

describe("an answer", () => {
  test("is a list of proxies", () => {
    expect(parseResult("PROXY w3proxy.example.com:8080; PROXY mozilla.example.com:8081; DIRECT"))
      .toEqual([
        { url: "http://w3proxy.example.com:8080" },
        { url: "http://mozilla.example.com:8081" },
        "direct",
      ]);
    expect(parseResult("https secure.example.com:443;http plain.example.com"))
      .toEqual([{ url: "https://secure.example.com" }, { url: "http://plain.example.com" }]);
    expect(parseResult(" ; ")).toEqual(["direct"]);
    expect(parseResult("DIRECT")).toEqual(["direct"]);
    expect(parseResult("SOCKS s:1080; PROXY [2001:db8::1]:3128; nonsense"))
      .toEqual([{ url: "http://[2001:db8::1]:3128" }]);
  });

  test("without a single one that can be used is an error", () => {
    for (const text of ["SOCKS s:1080", "SOCKS5 s:1; socks4 t:2"]) {
      expect(() => parseResult(text)).toThrow("gives only SOCKS proxies, which are not supported");
    }
    for (const text of ["nonsense", "PROXY", "PROXY a:1 b:2", "PROXY u:p@a:1", "PROXY a:1/x"]) {
      expect(() => parseResult(text)).toThrow("returns what is no list of proxies");
    }
  });
});

describe("the file", () => {
  test("is asked once for a host, without path, query and user, and again after minutes", async () => {
    await using server = serveFile("PROXY a.example.com:1");
    const { given, asked } = access();
    let now = 0;
    const file = pacFile(server.address, () => now);
    const find = (address: string) => file.find(new URL(address), given);
    const route = await find("https://user:pass@www.example.com/path?token=1");
    expect(route.proxy?.url).toBe("http://a.example.com:1");
    expect(route.why).toBe(`the PAC file ${server.address} says "PROXY a.example.com:1"`);
    await find("https://www.example.com/other");
    await find("http://[2001:db8::1]:81/x");
    expect(asked).toEqual([
      "https://www.example.com/ www.example.com",
      "http://[2001:db8::1]:81/ 2001:db8::1",
    ]);
    now = 6 * 60_000;
    await find("https://www.example.com/");
    expect(asked.length).toBe(3);
    expect(server.state.asked).toBe(1);
  });

  test("is read again after a time, and what it said is forgotten when it has changed", async () => {
    await using server = serveFile("PROXY a.example.com:1");
    const { given } = access();
    let now = 0;
    const file = pacFile(server.address, () => now);
    const find = () => file.find(new URL("https://www.example.com/"), given);
    await find();
    server.state.text = "PROXY b.example.com:2";
    now = 14 * 60_000;
    expect((await find()).proxy?.url).toBe("http://a.example.com:1");
    now = 15 * 60_000;
    expect((await find()).proxy?.url).toBe("http://b.example.com:2");
  });

  test("that cannot be fetched any more is used as it was, and that is said once", async () => {
    await using server = serveFile("PROXY a.example.com:1");
    const { given, lines } = access();
    let now = 0;
    const file = pacFile(server.address, () => now);
    const find = () => file.find(new URL("https://www.example.com/"), given);
    await find();
    server.state.status = 503;
    for (let minutes = 16; minutes < 20; minutes++) {
      now = minutes * 60_000;
      expect((await find()).proxy?.url).toBe("http://a.example.com:1");
    }
    expect(server.state.asked).toBe(5);
    expect(lines).toEqual([
      `warning: The PAC file ${server.address} cannot be read: the server answers with 503 ` +
      "(option proxy). The copy from before is used",
    ]);
    server.state.status = 200;
    now = 21 * 60_000;
    await find();
    expect(lines.at(-1)).toBe(`info: The PAC file ${server.address} is read again`);
  });

  test("of this machine is read", async () => {
    using space = workspace();
    const path = space.write("proxy file.pac", "\ufeffDIRECT");
    const { given } = access();
    const file = pacFile(pathToFileURL(path).href);
    const route = await file.find(new URL("https://www.example.com/"), given);
    expect(route.proxy).toBeUndefined();
    expect(route.why).toEndWith(`says "DIRECT"`);
  });

  test("that cannot be used is an error that names it and the option", async () => {
    using space = workspace();
    await using large = serveFile("x".repeat(10_000_000));
    await using page = serveFile("<!doctype html><html>");
    await using socks = serveFile("SOCKS s:1080");
    const port = await freePort();
    const missing = pathToFileURL(`${space.folder}/none.pac`).href;
    const cases: readonly (readonly [string, string])[] = [
      [large.address, "cannot be read: it is larger than 1 MB"],
      [
        pathToFileURL(space.write("large.pac", "x".repeat(2_000_000))).href,
        "cannot be read: it is larger than 1 MB",
      ],
      [page.address, "cannot be read: it is a web page"],
      [socks.address, "gives only SOCKS proxies, which are not supported"],
      [`http://127.0.0.1:${port}/x`, "cannot be read: nothing listens at this host and port"],
      [missing, "cannot be read: it does not exist"],
    ];
    for (const [address, reason] of cases) {
      const url = new URL("https://www.example.com/");
      const error = await failure(() => pacFile(address).find(url, access().given));
      expect(error).toBeInstanceOf(AgentError);
      expect(String(error)).toContain(`The PAC file ${address} ${reason}`);
      expect(String(error)).toContain("(option proxy)");
    }
  });

  test("that fails is not asked again at once", async () => {
    await using server = serveFile("x");
    let now = 0;
    let asked = 0;
    const { given } = access(() => {
      asked++;
      return Promise.reject(new AgentError("takes longer than 1 s"));
    });
    const file = pacFile(server.address, () => now);
    const find = () => failure(() => file.find(new URL("https://www.example.com/"), given));
    for (let time = 0; time < 3; time++) {
      expect(String(await find())).toContain("takes longer than 1 s (option proxy)");
    }
    expect(asked).toBe(1);
    now = 31_000;
    await find();
    expect(asked).toBe(2);
  });
});

describe("a list of proxies", () => {
  async function listenSilently() {
    const server = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return { host: `127.0.0.1:${address.port}`, [Symbol.dispose]: () => server.close() };
  }

  test("is gone through until one answers, and the first is tried again after minutes", async () => {
    const port = await freePort();
    await using second = await startProxy();
    await using server = serveFile(`PROXY 127.0.0.1:${port}; PROXY ${second.host}; DIRECT`);
    const { given } = access();
    let now = 0;
    const file = pacFile(server.address, () => now);
    const find = async () => {
      return (await file.find(new URL("https://www.example.com/"), given)).proxy?.url;
    };
    expect(await find()).toBe(`http://${second.host}`);
    const first = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => first.listen(port, "127.0.0.1", resolve));
    try {
      expect(await find()).toBe(`http://${second.host}`);
      now = 6 * 60_000;
      expect(await find()).toBe(`http://127.0.0.1:${port}`);
    } finally {
      first.close();
    }
  });

  test("goes on with DIRECT, and without it the first one is named in the error", async () => {
    const port = await freePort();
    await using direct = serveFile(`PROXY 127.0.0.1:${port}; DIRECT`);
    await using none = serveFile(`PROXY 127.0.0.1:${port}; PROXY 127.0.0.1:${port}`);
    const url = new URL("https://www.example.com/");
    expect((await pacFile(direct.address).find(url, access().given)).proxy).toBeUndefined();
    expect((await pacFile(none.address).find(url, access().given)).proxy?.url)
      .toBe(`http://127.0.0.1:${port}`);
  });

  test("leaves out one that did not answer a request", async () => {
    using first = await listenSilently();
    using second = await listenSilently();
    await using server = serveFile(`PROXY ${first.host}; PROXY ${second.host}`);
    const finder = createProxyFinder(`pac+${server.address}`, {}, access().given);
    const find = async () => (await finder.find("https://www.example.com/")).proxy;
    const found = await find();
    expect(found?.url).toBe(`http://${first.host}`);
    if (found !== undefined) finder.avoid(found);
    expect((await find())?.url).toBe(`http://${second.host}`);
  });

  test("of a file with :@ is logged in at as the account that runs the agent", async () => {
    await using server = serveFile("PROXY a.example.com:1");
    const option = `pac+${server.address.replace("http://", "http://:@")}`;
    const finder = createProxyFinder(option, {}, access().given);
    expect((await finder.find("https://www.example.com/")).proxy).toMatchObject({
      url: "http://a.example.com:1",
      negotiate: true,
    });
  });
});

test("a request through a proxy that is gone names the file", async () => {
  const port = await freePort();
  await using server = serveFile(`PROXY 127.0.0.1:${port}`);
  const { given } = access();
  const http = createHttp({
    base: "http://www.example.com",
    tls: { verify: true },
    proxy: createProxyFinder(`pac+${server.address}`, {}, given),
    timeoutMs: 10_000,
    retry: { attempts: 1, budgetMs: 1000 },
    log: given.log,
    signal: new AbortController().signal,
  });
  const error = await failure(() => http.send({ path: "/" }));
  expect(error).toMatchObject({
    message: expect.stringContaining(`Cannot reach the proxy 127.0.0.1:${port}`),
    hint: expect.stringContaining(`the PAC file ${server.address} says`),
  });
});

test("a request goes to the next proxy when the first one has gone away", async () => {
  await using target = serveFile("hello");
  const first = await startProxy();
  await using second = await startProxy();
  await using server = serveFile(`PROXY ${first.host}; PROXY ${second.host}`);
  const { given } = access();
  const http = createHttp({
    base: new URL(target.address).origin,
    tls: { verify: true },
    proxy: createProxyFinder(`pac+${server.address}`, {}, given),
    timeoutMs: 10_000,
    log: given.log,
    signal: new AbortController().signal,
  });
  try {
    expect((await http.send({ path: "/" })).body).toBe("hello");
  } finally {
    await first[Symbol.asyncDispose]();
  }
  expect((await http.send({ path: "/" })).body).toBe("hello");
  expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
});

test("NO_PROXY also applies to a PAC file", async () => {
  const option = `pac+http://127.0.0.1:${await freePort()}/proxy.pac`;
  const finder = createProxyFinder(option, { NO_PROXY: ".example.com" }, access().given);
  expect(await finder.find("https://www.example.com/")).toEqual({
    proxy: undefined,
    why: "NO_PROXY",
  });
});
