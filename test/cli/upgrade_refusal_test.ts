/**
 * `agent upgrade` refuses whatever is not the release that its makers signed, and then changes nothing.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPublicKey, formatSignature } from "../../scripts/binary/minisign_key.ts";
import { startProxy } from "../support/http_proxy.ts";
import {
  type Installation,
  installation,
  programFile,
  sayingProgram,
  signFolder,
  sumOf,
  testKey,
  writeRelease,
} from "../support/release.ts";
import { makeIdentity } from "../support/tds/certificate.ts";

const key = testKey();
const program = `${sayingProgram("0.3.0", "third")}# ${"filler ".repeat(100_000)}\n`;

/** A right release in a folder of its own, to be spoilt. */
function rightRelease() {
  const folder = mkdtempSync(join(tmpdir(), "agent-release-"));
  writeRelease(folder, { program, version: "0.3.0", commit: "third", key });
  const path = (file: string) => join(folder, file);
  return {
    folder,
    path,
    edit: (file: string, from: string | RegExp, to: string) =>
      writeFileSync(path(file), readFileSync(path(file), "utf8").replace(from, to)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

type Release = ReturnType<typeof rightRelease>;

function expectUntouched(here: Installation): void {
  expect(here.files()).toEqual(["agent"]);
  expect(here.isUntouched()).toBe(true);
}

/** Ways to spoil a release, and the words of the refusal. */
const spoilt: readonly [string, (release: Release) => void, string][] = [
  [
    "a program with one byte changed",
    ({ edit }) => edit(programFile, "fill", "fiLl"),
    "does not match the signed checksum",
  ],
  [
    "a program with something appended",
    ({ path }) => appendFileSync(path(programFile), "x"),
    "does not match the signed checksum",
  ],
  [
    "a program cut off",
    ({ path }) => truncateSync(path(programFile), 1000),
    "does not match the signed checksum",
  ],
  [
    "an empty program",
    ({ path }) => truncateSync(path(programFile), 0),
    "does not match the signed checksum",
  ],
  [
    "a changed program with a sum to fit, and the old signature",
    ({ edit, path }) => {
      const old = sumOf(path(programFile));
      edit(programFile, "fill", "fiLl");
      edit("SHA256SUMS", old, sumOf(path(programFile)));
    },
    "the signed file was changed",
  ],
  [
    "a release signed anew by somebody else",
    ({ folder }) => signFolder(folder, testKey()),
    "was made with the key",
  ],
  [
    "a release signed by somebody who took on the number of the key",
    ({ folder }) => signFolder(folder, { ...testKey(), number: key.number }),
    "the signed file was changed",
  ],
  [
    "a changed comment",
    ({ edit }) => edit("SHA256SUMS.minisig", "agent of a test", "agent 9.9.9"),
    "the signed file was changed",
  ],
  [
    "the signature of another file",
    ({ path }) =>
      writeFileSync(path("SHA256SUMS.minisig"), formatSignature(Buffer.from("x"), key, "x")),
    "the signed file was changed",
  ],
  [
    "an empty signature",
    ({ path }) => writeFileSync(path("SHA256SUMS.minisig"), ""),
    "is not a signature",
  ],
  ["no signature at all", ({ path }) => rmSync(path("SHA256SUMS.minisig")), "There is no file"],
  ["no sums", ({ path }) => rmSync(path("SHA256SUMS")), "There is no file"],
  [
    "a newer version made up",
    ({ edit }) => edit("release.json", "0.3.0", "0.4.0"),
    "does not match the signed checksum",
  ],
  [
    "a web page instead of the sums",
    ({ path }) => writeFileSync(path("SHA256SUMS"), "<!DOCTYPE html><title>Sign in</title>"),
    "is a web page",
  ],
  [
    "sums without end",
    ({ path }) => writeFileSync(path("SHA256SUMS"), "a".repeat(1_100_000)),
    "is larger than such a file can be",
  ],
];

describe("agent upgrade refuses", () => {
  test.each(spoilt)("%s", async (_name, spoil, words) => {
    using here = await installation();
    using release = rightRelease();
    spoil(release);
    const run = await here.upgrade(release.folder, key);
    expect(run.stderr).toContain(words);
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expectUntouched(here);
  });

  test("a key file that is none", async () => {
    using here = await installation();
    using release = rightRelease();
    const words = ["upgrade", "--from", release.folder, "--public-key", release.path("SHA256SUMS")];
    const run = await here.agent(words);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("is not a public key of minisign");
  });

  test("but takes the same release unspoilt", async () => {
    using here = await installation();
    using release = rightRelease();
    expect((await here.upgrade(release.folder, key)).code).toBe(0);
    expect(here.files()).toEqual(["agent", "agent.old"]);
  });
});

/** Serves a release, except where `answer` says otherwise. */
function serve(folder: string, answer: (file: string, request: Request) => Response | undefined) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const file = new URL(request.url).pathname.slice(1);
      return answer(file, request) ?? new Response(Bun.file(join(folder, file)));
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

describe("agent upgrade from the web", () => {
  const faults: readonly [string, (file: string) => Response | undefined, string][] = [
    ["a page for everything", () => page(), "is a web page, not the file"],
    [
      "a page for the program",
      (file) => file === programFile ? page() : undefined,
      "is a web page",
    ],
    [
      "a missing program",
      (file) => file === programFile ? new Response("", { status: 404 }) : undefined,
      "[404]",
    ],
    ["a forbidden release", () => new Response("", { status: 403 }), "may not be read [403]"],
    ["a broken server", () => new Response("", { status: 500 }), "answered with 500"],
    [
      "a circle of redirects",
      (file) => new Response("", { status: 302, headers: { location: `/${file}` } }),
      "Redirected more than 5 times",
    ],
    [
      "a redirect to a file of this machine",
      () => new Response("", { status: 302, headers: { location: "file:///etc/hostname?sig=x" } }),
      "redirects to file:///etc/hostname, which is neither http nor https",
    ],
  ];

  function page(): Response {
    return new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } });
  }

  test.each(faults)("%s", async (_name, answer, words) => {
    using here = await installation();
    using release = rightRelease();
    await using server = serve(release.folder, answer);
    const run = await here.upgrade(server.url, key);
    expect(run.stderr).toContain(words);
    expect(run.code).toBe(1);
    expectUntouched(here);
  });

  test("a download that breaks off", async () => {
    using here = await installation();
    using release = rightRelease();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        const file = /^GET \/(\S+)/.exec(data.toString())?.[1] ?? "";
        const bytes = readFileSync(release.path(file));
        const sent = file === programFile ? bytes.subarray(0, 300_000) : bytes;
        socket.write(
          `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
        );
        socket.end(sent);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const run = await here.upgrade(`http://127.0.0.1:${port}`, key);
    server.close();
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/Cannot read .* after \d+ bytes|ended after \d+ of \d+ bytes/);
    expectUntouched(here);
  });

  test("a port where nobody listens", async () => {
    using here = await installation();
    const run = await here.upgrade("http://127.0.0.1:1/agent", key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Cannot read http://127.0.0.1:1/agent/SHA256SUMS");
    expectUntouched(here);
  });

  test("credentials go to the host they are for, and are never shown", async () => {
    using here = await installation();
    using release = rightRelease();
    const seen: (string | null)[] = [];
    await using storage = serve(release.folder, (_file, { headers }) => {
      seen.push(headers.get("authorization"));
      return undefined;
    });
    const wanted = `Basic ${btoa("reader:top@secret")}`;
    await using front = serve(release.folder, (file, { headers }) => {
      if (headers.get("authorization") !== wanted) return new Response("", { status: 401 });
      return Response.redirect(`${storage.url}/${file}?sig=of-the-storage`);
    });
    const from = `http://reader:top%40secret@${front.host}/?token=in-the-query`;
    const run = await here.upgrade(from, key, "--verbose");
    expect(run).toMatchObject({ code: 0 });
    expect(seen).toEqual([null, null, null, null]);
    expect(run.stdout + run.stderr).not.toMatch(/secret|in-the-query/);
    using again = await installation();
    const refused = await again.upgrade(from.replace("secret", "geheim"), key, "--verbose");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain("may not be read [401]");
    expect(refused.stdout + refused.stderr).not.toMatch(/geheim|in-the-query/);
  });

  test("a server that nobody vouches for", async () => {
    using here = await installation();
    using release = rightRelease();
    using identity = makeIdentity("DNS:localhost");
    const server = Bun.serve({
      port: 0,
      tls: { cert: identity.cert, key: identity.key },
      fetch: ({ url }) => new Response(Bun.file(release.path(new URL(url).pathname.slice(1)))),
    });
    const run = await here.upgrade(`https://localhost:${server.port}`, key);
    await server.stop(true);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Add the certificate authority to those that this machine trusts");
    expectUntouched(here);
  });

  test("the proxy of the environment is asked", async () => {
    using here = await installation();
    using release = rightRelease();
    await using server = serve(release.folder, () => undefined);
    await using proxy = await startProxy({ credentials: "me:proxy-password" });
    const pub = release.path("release.pub");
    writeFileSync(pub, formatPublicKey(key));
    const words = ["upgrade", "--from", server.url, "--public-key", pub, "--verbose"];
    const env = { HTTP_PROXY: `http://me:proxy-password@${proxy.host}` };
    const run = await here.agent(words, { env });
    expect(run).toMatchObject({ code: 0 });
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(run.stdout + run.stderr).not.toContain("proxy-password");
  });
});
