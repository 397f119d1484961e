/**
 * The walk of the errors of others: every library and part of the runtime whose errors can reach a person
 * is brought to fail, and what the agent says then is its own sentence. An address is named once.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { unreadableFileError } from "../../src/config/ini_bytes.ts";
import { record, type Recorder, type Scripted } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { type Identity, makeIdentity } from "../support/tds/certificate.ts";
import { startTdsServer, type TdsServer } from "../support/tds/server.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";

/** Words of the runtime and of libraries that mean nothing to who runs the agent. */
const foreign =
  /\b(errno|syscall|getaddrinfo|scandir|socket hang up|sequence|fetch\(\)|verbose: true|CronPattern|undefined|ZodError|SyntaxError|SQLiteError|ZlibError|AggregateError|JSON Parse error|SQLITE_\w+|EAI_\w+|E(CONN|NO|ACC|PERM|MFILE|EXIST|ISDIR|PROTO|SOCKET|TIMEOUT)[A-Z]*)\b|able to access the url|no such file or|, open |is a directory, read|file is not a database|certificate's altnames/;

/** Codes in brackets, after a sentence, are ours: who asks for help is asked for them. */
function withoutCodes(text: string): string {
  return text.replace(/\[[A-Za-z_]+[A-Za-z_\d]*\]/g, "");
}

/** A server on a port of this machine that does something with each connection. */
async function misbehaving(treat: (socket: Socket) => void): Promise<Server & { port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    treat(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return Object.assign(server, { port: typeof address === "object" ? address?.port ?? 0 : 0 });
}

/** Answers what comes with some bytes, and closes. */
function answering(bytes: string): (socket: Socket) => void {
  return (socket) => void socket.once("data", () => socket.end(bytes));
}

const gzipHead = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n";
let instance: Recorder;
let secure: Recorder;
let identity: Identity;
let site: TdsServer;
let answer: Scripted | undefined;
const servers: Record<string, Awaited<ReturnType<typeof misbehaving>>> = {};
beforeAll(async () => {
  identity = makeIdentity("DNS:localhost");
  instance = record({ answer: ({ path }) => path.includes("/bulk") ? answer : undefined });
  secure = record({ tls: identity });
  site = await startTdsServer({});
  servers.closing = await misbehaving((socket) => socket.destroy());
  servers.silent = await misbehaving(() => {});
  servers.garbage = await misbehaving(answering("\u0000\u0001 this is no protocol\r\n\r\n"));
  servers.ber = await misbehaving(answering("0\u0005\u0002\u0001\u0001a\u007f"));
  servers.gzip = await misbehaving(answering(`${gzipHead}not gzip!`));
  servers.loop = await misbehaving(answering("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"));
  servers.cut = await misbehaving(answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{"));
  servers.broken = await misbehaving(
    answering('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n[{"a": nul]'),
  );
  servers.strange = await misbehaving(
    answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42"),
  );
  servers.xml = await misbehaving(
    answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<a><b></a>"),
  );
});
afterAll(async () => {
  await Promise.all([instance.stop(), secure.stop(), site[Symbol.asyncDispose]()]);
  for (const server of Object.values(servers)) server.close();
  identity[Symbol.dispose]();
});

interface Case {
  /** The library or the part of the runtime that fails. */
  readonly library: string;
  readonly what: string;
  /** What the agent says. */
  readonly says: string;
  /** An address that its sentence is to name once. */
  readonly address?: () => string;
  readonly words?: readonly string[];
  /** Replaces `[oomnitza]`. */
  readonly oomnitza?: () => string;
  /** Further lines of `[csv_assets]`, and further sections. */
  readonly more?: () => string;
  readonly csv?: string | Uint8Array;
  readonly before?: (space: Workspace) => unknown;
  /** Set when it waits for a time limit. */
  readonly isSlow?: boolean;
}

function at(url: string): string {
  return `[oomnitza]\nurl = ${url}\napi_token = abcdefgh\ntimeout = 1`;
}

function local(server: string): string {
  return `127.0.0.1:${servers[server]?.port}`;
}

/** An enabled source with a URL, and the check of it. */
function okta(server: string, what: string, library: string, says: string): Case {
  return {
    library,
    what,
    says,
    address: () => "/api/v1/users",
    words: ["check", "okta"],
    more: () =>
      `[okta]\nenable = True\nurl = http://${local(server)}\napi_token = abcdefgh
default_role = 25\ndefault_position = Employee\ntimeout = 1`,
  };
}

function ldap(url: () => string, what: string, says: string, library = "ldapts"): Case {
  return {
    library,
    what,
    says,
    address: () => url(),
    words: ["check", "ldap"],
    more: () =>
      `[ldap]\nenable = True\nurl = ${url()}\nusername = cn=x\npassword = abcdefgh
base_dn = dc=x\ndefault_role = 25\ndefault_position = Employee\ntimeout = 1`,
  };
}

function sccm(server: () => string, what: string, says: string, more = ""): Case {
  return {
    library: "tedious",
    what,
    says,
    address: () => server().split(",")[0] ?? "",
    words: ["check", "sccm"],
    more: () =>
      `[sccm]\nenable = True\nserver = ${server()}\nusername = reader
password = abcdefgh\nencrypt = False\nsync_field = A\nmapping.A = hardware.computer_name
timeout = 1\n${more}`,
  };
}

function userCode(body: string, library: string, what: string, says: string): Case {
  const words = ["upload", "csv_assets", "--no-state"];
  return { library, what, says, words, more: () => `recordfilter:\n  ${body}` };
}

const closed = "nothing listens at this host and port [ECONNREFUSED]";
const upload = ["upload", "csv_assets"];

/** The table of what is walked. */
const cases: readonly Case[] = [
  {
    library: "Bun: fetch",
    what: "a closed port",
    isSlow: true,
    says: `Cannot reach Oomnitza [oomnitza]: ${closed}`,
    address: () => "http://127.0.0.1:1",
    oomnitza: () => at("http://127.0.0.1:1"),
  },
  {
    library: "Bun: fetch",
    what: "a host that nobody knows",
    says: "the name of the host is not known to DNS",
    address: () => "oomnitza.invalid",
    oomnitza: () => at("http://oomnitza.invalid"),
  },
  okta("closing", "a server that closes", "Bun: fetch", "the connection was closed before"),
  okta("garbage", "no HTTP", "Bun: fetch", "the answer is not HTTP"),
  okta("gzip", "no gzip although it says so", "Bun: fetch", "cannot be unpacked"),
  okta("loop", "redirects without end", "Bun: fetch", "Redirected more than 5 times"),
  okta("cut", "an answer that breaks off", "Bun: fetch", "Cannot load users from Okta [okta]"),
  {
    ...okta("silent", "a server that is silent", "Bun: AbortSignal", "No answer within 1 s"),
    isSlow: true,
  },
  {
    library: "Bun: fetch",
    what: "a proxy that is not there",
    isSlow: true,
    says: "Cannot reach the proxy 127.0.0.1:1: nothing listens",
    address: () => instance.url,
    oomnitza: () => `${oomnitzaSection(instance)}proxy = http://127.0.0.1:1\ntimeout = 1`,
  },
  {
    library: "Bun: fetch",
    what: "a token that the instance refuses",
    says: "Cannot read from Oomnitza [oomnitza]: 404",
    address: () => instance.url,
    oomnitza: () => at(`${instance.url}/path`),
  },
  {
    library: "node:tls",
    what: "an authority that nobody trusts",
    says: "the certificate is signed by an authority that is not trusted",
    address: () => secure.url.replace("127.0.0.1", "localhost"),
    oomnitza: () => at(secure.url.replace("127.0.0.1", "localhost")),
  },
  {
    library: "node:tls",
    what: "a certificate for another name",
    says: "the certificate is for another name",
    address: () => secure.url,
    oomnitza: () => `${at(secure.url)}\ncacert_file = ${identity.authority}`,
  },
  {
    library: "node:tls",
    what: "a server without TLS",
    says: "the server does not speak TLS on this port",
    address: () => instance.url.replace("http://", ""),
    oomnitza: () => at(instance.url.replace("http:", "https:")),
  },
  {
    library: "node:tls",
    what: "an authority that is no certificate",
    says: "cacert_file",
    before: (space) => space.write("ca.pem", "no certificate"),
    oomnitza: () => `${at(secure.url)}\ncacert_file = ca.pem`,
  },
  okta("broken", "broken JSON", "JSON", "the answer is not valid JSON (11 characters)"),
  okta("xml", "XML instead of JSON", "JSON", "the answer is XML instead of JSON"),
  okta("strange", "JSON of another shape", "zod", "the answer is not as documented"),
  {
    library: "zod",
    what: "an option that it cannot have",
    says: "api_version: ",
    oomnitza: () => `${oomnitzaSection(instance)}api_version = v9`,
  },
  {
    library: "zod",
    what: "a number that is too large",
    says: "timeout: ",
    oomnitza: () => `${oomnitzaSection(instance)}timeout = 99999999999`,
  },
  {
    library: "fast-xml-parser",
    what: "XML that is not well-formed",
    says: "the answer is not valid XML (10 characters: The XML is not well-formed (line 1: ",
    address: () => local("xml"),
    words: ["check", "onelogin"],
    more: () =>
      `[onelogin]\nenable = True\nurl = http://${local("xml")}/api/v2/users.xml
api_token = abcdefgh\ndefault_role = 25\ndefault_position = Employee\ntimeout = 1`,
  },
  ldap(() => "ldap://127.0.0.1:1", "a closed port", closed, "node:net"),
  ldap(() => "ldap://ldap.invalid", "a host that nobody knows", "not known to DNS", "node:dns"),
  ldap(() => `ldap://${local("garbage")}`, "no LDAP", "the server does not speak LDAP"),
  ldap(() => `ldap://${local("ber")}`, "LDAP that breaks off", "the directory closed it"),
  ldap(() => `ldap://${local("closing")}`, "a server that closes", "Cannot connect to ldap://"),
  {
    ...ldap(() => `ldap://${local("silent")}`, "a server that is silent", "no answer within 1 s"),
    isSlow: true,
  },
  ldap(() => `ldaps://${local("garbage")}`, "no TLS", "Cannot connect to ldaps://", "node:tls"),
  {
    ...ldap(() => "ldap://127.0.0.1:1", "a filter that is none", "filter: "),
    address: () => "[ldap] filter:",
    more: () =>
      `[ldap]\nenable = True\nurl = ldap://127.0.0.1:1\nusername = cn=x
password = abcdefgh\nbase_dn = dc=x\nfilter = (&(a=b)\ndefault_role = 25\ndefault_position = E`,
  },
  sccm(() => "127.0.0.1,1", "a closed port", closed),
  sccm(() => "sql.invalid,1", "a host that nobody knows", "not known to DNS [ENOTFOUND]"),
  sccm(() => `127.0.0.1,${servers.garbage?.port}`, "no SQL Server", "Cannot connect to SQL Server"),
  sccm(() => `127.0.0.1,${servers.closing?.port}`, "a server that closes", "was closed before"),
  sccm(() => `127.0.0.1,${site.port}`, "a login that is refused", "Cannot log in to SQL Server"),
  sccm(
    () => `127.0.0.1,${site.port}`,
    "no encryption",
    "does not support encryption",
    "encrypt=yes",
  ),
  {
    library: "node:fs",
    what: "a file that is missing (ENOENT)",
    says: "missing.csv: it does not exist",
    more: () => "filename = missing.csv",
  },
  {
    library: "node:fs",
    what: "a folder for a file (EISDIR)",
    says: "folder: it is not a file",
    before: (space) => mkdirSync(join(space.folder, "folder")),
    more: () => "filename = folder",
  },
  {
    library: "node:fs",
    what: "a file for a folder (ENOTDIR)",
    says: "a part of its path is not a directory",
    more: () => "filename = assets.csv/assets.csv",
  },
  {
    library: "node:fs",
    what: "a configuration that is missing",
    says: "Cannot read ",
    words: ["check", "--ini", "missing.ini"],
  },
  {
    library: "node:fs",
    what: "a folder for logs that cannot be",
    says: "This run has no log files",
    words: [...upload, "--no-state", "--log-dir", "/proc/none"],
  },
  {
    library: "bun:sqlite",
    what: "a state file that is none",
    says: "it is damaged, or no state file",
    words: upload,
    before: (space) => space.write("agent-state.sqlite", "not a database, but text of some length"),
  },
  {
    library: "bun:sqlite",
    what: "a state file in a folder that is missing",
    says: "missing/state.sqlite: it does not exist",
    words: [...upload, "--state", "missing/state.sqlite"],
  },
  {
    library: "bun:sqlite",
    what: "a folder for a state file",
    says: "folder: it is a directory",
    words: [...upload, "--state", "folder"],
    before: (space) => mkdirSync(join(space.folder, "folder")),
  },
  {
    library: "bun:sqlite",
    what: "a state file of a newer agent",
    says: "written by a newer agent",
    words: upload,
    async before(space) {
      await space.agent(upload);
      using database = new Database(join(space.folder, "agent-state.sqlite"));
      database.run("pragma user_version = 999");
    },
  },
  {
    library: "croner",
    what: "a schedule that cannot be",
    says: "schedule: is not a schedule such as",
    more: () => "schedule = 0 25 * * *",
  },
  {
    library: "croner",
    what: "a time zone that is none",
    says: "is not a time zone such as",
    more: () => "schedule = 0 3 * * *\nschedule_timezone = Mars/Base",
  },
  userCode("return {", "oxc, acorn", "JavaScript that is none", "recordfilter"),
  userCode("return record[", "our parser", "Python that is none", "as Python: "),
  userCode("return int('x')", "quickjs", "code that fails", "the record filter failed: "),
  userCode(
    "// language: javascript\n  return null.x",
    "quickjs",
    "JavaScript that fails",
    "failed: ",
  ),
  {
    ...userCode(
      "// language: javascript\n  for(;;);",
      "quickjs",
      "code without end",
      "took longer than",
    ),
    isSlow: true,
  },
  {
    library: "papaparse",
    what: "a quotation that is not closed",
    says: "is not closed before the end of the file",
    words: [...upload, "--no-state"],
    csv: 'tag,serial\n1,"abc\n2,x\n',
  },
  {
    library: "TextDecoder",
    what: "bytes that are no text",
    says: "is not utf-8",
    words: [...upload, "--no-state"],
    more: () => "encoding = utf-8",
    csv: new Uint8Array([...new TextEncoder().encode("tag,serial\n1,"), 0xff, 0xfe, 10]),
  },
  {
    library: "jsonc-parser",
    what: "a logging configuration that is no JSON",
    says: "is not valid JSON at column 15",
    words: [...upload, "--no-state", "--logging-config", "logging.json"],
    before: (space) => space.write("logging.json", '{"version": 1,'),
  },
  {
    library: "Bun: serve",
    what: "a port that is taken",
    says: "the port is in use",
    words: ["serve", "--port", "PORT"],
  },
  {
    library: "Bun: serve",
    what: "a certificate that is none",
    says: "certificate",
    words: ["serve", "--port", "0"],
    before(space) {
      space.write("cert.pem", "no certificate");
      space.write("key.pem", "no key");
    },
    more: () => "[serve]\ncert = cert.pem\nkey = key.pem",
  },
  {
    library: "node:child_process",
    what: "a command for a secret that does not exist",
    says: "the command ended with exit code",
    oomnitza: () => `[oomnitza]\nurl = ${instance.url}\napi_token = \${command:no-such-program}`,
  },
  {
    library: "node:fs",
    what: "a file for a secret that is missing",
    says: "cannot be read: it does not exist",
    oomnitza: () => `[oomnitza]\nurl = ${instance.url}\napi_token = \${file:/none/token}`,
  },
];

async function outputOf({ words = ["check"], oomnitza, more, csv, before }: Case): Promise<string> {
  using space = workspace();
  const first = oomnitza?.() ?? oomnitzaSection(instance);
  space.write("assets.csv", csv ?? "tag,serial\n1,S1\n2,S2\n");
  space.write(
    "config.ini",
    `${first}\n[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE
mapping.BARCODE = tag\n${more?.() ?? ""}\n`,
  );
  await before?.(space);
  const line = words.map((word) => word === "PORT" ? new URL(instance.url).port : word);
  const { stdout, stderr } = await space.agent(line, { timeoutMs: 60_000 });
  // This line the runtime itself writes for an answer that it cannot unpack, past the agent.
  const own = stderr.replaceAll(/^Decompression error: \w+\n/gm, "");
  return `${own}\n${stdout}`;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

for (const each of cases) {
  const run = each.isSlow === true ? slow : test;
  run(`${each.library}: ${each.what} is reported in our own words`, async () => {
    const output = await outputOf(each);
    expect(output).toContain(each.says);
    expect(withoutCodes(output)).not.toMatch(foreign);
    if (each.address === undefined) return;
    const address = each.address();
    // The last such line is the result; before it, a repetition may be logged.
    const line = output.split("\n").findLast((one) => one.includes(each.says)) ?? "";
    expect({ line, times: count(line, address) }).toEqual({ line, times: 1 });
  }, 120_000);
}

test.each([
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EMFILE", "too many files are open"],
  ["EIO", "the disk reports an error"],
])("a configuration that fails with %s, which root does not meet", (code, reason) => {
  const thrown = Object.assign(new Error(`${code}: some words, open 'x'`), { code });
  const error = unreadableFileError("/etc/agent.ini", thrown);
  expect(error.message).toStartWith(`Cannot read /etc/agent.ini: ${reason}`);
  expect(withoutCodes(error.message)).not.toMatch(foreign);
});
