/**
 * SOAP: where a WSDL may send the credentials, and what an envelope can hold.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { SourceError } from "../../src/base/errors.ts";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { createHttp } from "../../src/sdk/http/http.ts";
import { callSoap, type SoapAccess } from "../../src/sdk/soap/soap.ts";
import { loadService } from "../../src/sdk/soap/wsdl.ts";
import { createVendorHttp, type VendorHttp } from "../../src/sdk/http/vendor.ts";
import { workspace } from "../support/workspace.ts";
import { selfSigned } from "../stand_in/stand_in_tls.ts";
import { slow } from "../support/slow.ts";

const served: Record<string, string> = {};
const received: string[] = [];
const answers: { body: string; status: number }[] = [];

async function answer(request: Request): Promise<Response> {
  if (request.method === "GET") {
    const text = served[new URL(request.url).pathname];
    return new Response(text ?? "none", { status: text === undefined ? 404 : 200 });
  }
  received.push(await request.text());
  const { body, status } = answers.shift() ?? { body: envelope("<EchoResponse/>"), status: 200 };
  return new Response(body, { status });
}

const options = { hostname: "127.0.0.1", port: 0, fetch: answer };
const plain = Bun.serve(options);
const secure = Bun.serve({ ...options, tls: selfSigned });
const plainUrl = `http://127.0.0.1:${plain.port}`;
const secureUrl = `https://127.0.0.1:${secure.port}`;
afterAll(async () => {
  await Promise.all([plain.stop(true), secure.stop(true)]);
});

function client(): VendorHttp {
  const http = createHttp({
    base: "",
    tls: { verify: true, ca: [selfSigned.cert] },
    timeoutMs: 5000,
    retry: { attempts: 3, budgetMs: 5000 },
    log: createLog("test", createRedactor(), []),
    signal: new AbortController().signal,
  });
  return createVendorHttp({
    redactor: createRedactor(),
    http,
    auth: undefined,
    title: "Example",
    section: "example",
    credentials: ["username", "password"],
  });
}

function wsdl(location: string, more = ""): string {
  return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
    ${more}<binding name="B"><operation name="Echo"><s:operation soapAction="urn:Echo"/></operation></binding>
    <service name="S"><port name="P" binding="t:B"><s:address location="${location}"/></port></service>
    </definitions>`;
}

function envelope(body: string): string {
  return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>${body}</e:Body></e:Envelope>`;
}

function load(path: string) {
  return loadService(client(), path, ["Echo"]);
}

describe("loadService()", () => {
  test("gives the address and the actions", async () => {
    served["/a.wsdl"] = wsdl("https://elsewhere.example.org/service");
    const service = await load(`${secureUrl}/a.wsdl`);
    expect(service.endpoint).toBe("https://elsewhere.example.org/service");
    expect(service.actions).toEqual({ Echo: "urn:Echo" });
  });

  test("a WSDL over https makes an http address https", async () => {
    served["/a.wsdl"] = wsdl("http://example.org/service");
    expect((await load(`${secureUrl}/a.wsdl`)).endpoint).toBe("https://example.org/service");
  });

  test("imports are followed; an unprotected one may not name another host", async () => {
    const list = '<import namespace="urn:t" location="part/b.wsdl"/><import location="../a.wsdl"/>';
    served["/a.wsdl"] = `<definitions>${list}</definitions>`;
    served["/part/b.wsdl"] = wsdl("https://elsewhere.example.org/service");
    expect((await load(`${secureUrl}/a.wsdl`)).endpoint).toContain("elsewhere");
    served["/a.wsdl"] = `<definitions><import location="${plainUrl}/part/b.wsdl"/></definitions>`;
    const thrown = load(`${secureUrl}/a.wsdl`);
    await expect(thrown).rejects.toThrow(SourceError);
    await expect(thrown).rejects.toThrow(
      "was fetched without TLS and names a service on another host",
    );
  });

  test("a circle of imports ends", async () => {
    served["/a.wsdl"] = '<definitions><import location="b.wsdl"/></definitions>';
    served["/b.wsdl"] = '<definitions><import location="a.wsdl"/></definitions>';
    await expect(load(`${plainUrl}/a.wsdl`)).rejects.toThrow("has no SOAP service with Echo");
  });

  test("files may be spread as well, and an address that is none is reported", async () => {
    using space = workspace();
    space.write("a.wsdl", '<definitions><import location="parts/b.wsdl"/></definitions>');
    space.write("parts/b.wsdl", wsdl("http://127.0.0.1:1/service"));
    const path = join(space.folder, "a.wsdl");
    expect((await load(path)).endpoint).toBe("http://127.0.0.1:1/service");
    space.write("parts/b.wsdl", wsdl("jms:queue"));
    await expect(load(path)).rejects.toThrow("no valid service address: jms:queue");
    await expect(load("file:nowhere")).rejects.toThrow(SourceError);
  });
});

describe("callSoap()", () => {
  const access: SoapAccess = {
    service: { endpoint: `${plainUrl}/service`, actions: { Echo: "urn:Echo" } },
    namespace: "urn:t",
    username: "a&b",
    password: "<]]>\r",
    classifyFault: ({ string }) => string === "busy" ? "throttled" : undefined,
  };
  function echo(value: string, shape: z.ZodType<unknown> = z.unknown()) {
    const call = { operation: "Echo", request: { value, list: ["1", "2"], none: undefined } };
    return callSoap(client(), access, { ...call, what: "an echo" }, shape);
  }

  test("texts are escaped, lists repeated, absent things left out", async () => {
    expect(await echo("ü<&>")).toBeNull();
    const sent = received.at(-1) ?? "";
    expect(sent).toContain("<wsse:Username>a&amp;b</wsse:Username>");
    expect(sent).toContain("&lt;]]&gt;&#13;</wsse:Password>");
    expect(sent).toContain(
      "<s:EchoRequest><s:value>ü&lt;&amp;&gt;</s:value><s:list>1</s:list><s:list>2</s:list></s:EchoRequest>",
    );
  });

  test("what XML cannot hold is refused before it is sent", async () => {
    const before = received.length;
    await expect(echo("a\u0000b")).rejects.toThrow("control character");
    expect(received).toHaveLength(before);
  });

  test("a fault counts whatever the status", async () => {
    const fault = (detail: string) =>
      envelope(
        `<e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring>${detail}</e:Fault>`,
      );
    answers.push({ body: fault("<detail>since so</detail>"), status: 200 });
    await expect(echo("x")).rejects.toThrow("Client fault no: since so (POST");
  });

  slow("a throttled call is made again", async () => {
    const busy = envelope(
      "<e:Fault><faultcode>e:Client</faultcode><faultstring>busy</faultstring></e:Fault>",
    );
    answers.push({ body: busy, status: 500 });
    const before = received.length;
    expect(await echo("x")).toBeNull();
    expect(received).toHaveLength(before + 2);
  });

  test("an answer without the response, or of another shape, is reported", async () => {
    answers.push({ body: envelope("<OtherResponse/>"), status: 200 });
    const shape = z.object({ value: z.string() });
    await expect(echo("x", shape)).rejects.toThrow("not as documented");
    answers.push({ body: envelope("<EchoResponse><v/></EchoResponse>"), status: 200 });
    await expect(echo("x", shape)).rejects.toThrow("not as documented (value:");
  });
});
