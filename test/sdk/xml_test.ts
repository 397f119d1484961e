/**
 * XML from vendors, friendly and hostile.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { SourceError } from "../../src/base/errors.ts";
import { listChildren, parseXml, type XmlValue } from "../../src/sdk/xml.ts";

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

test("elements become keys, text stays text, attributes go", async () => {
  const text = `${declaration}<users type="array"><user><id type="integer">0042</id>` +
    "<on>true</on><member-of>a &amp; b &lt;c&gt;</member-of></user></users>";
  expect(await parseXml(text)).toEqual({
    users: { user: { id: "0042", on: "true", "member-of": "a & b <c>" } },
  });
});

test("attributes are kept when they are asked for, unless their element is plain text", async () => {
  const text =
    '<w xmlns:x="urn:x" target="a&amp;b"><port x:name="p"/><t msisdn="1"><id y="2">7</id></t>' +
    '<n xsi:nil="true" z="3"/><e/></w>';
  expect(await parseXml(text, { attributes: "_" })).toEqual({
    w: { _target: "a&b", port: { _name: "p" }, t: { _msisdn: "1", id: "7" }, n: null, e: null },
  });
});

test("an element that repeats is a list, one that does not is none", async () => {
  const many = await parseXml(
    "<users><user><id>1</id></user><n>x</n><user><id>2</id></user></users>",
  );
  expect(many).toEqual({ users: { user: [{ id: "1" }, { id: "2" }], n: "x" } });
  const one = await parseXml("<users><user><id>1</id></user></users>");
  expect(one).toEqual({ users: { user: { id: "1" } } });
});

test("nil, empty and blank elements are null", async () => {
  const text = '<u xmlns:xsi="urn:x"><a nil="true"/><b xsi:nil="1">x</b><c></c><d>  \n</d>' +
    '<e nil="false">x</e></u>';
  expect(await parseXml(text)).toEqual({ u: { a: null, b: null, c: null, d: null, e: "x" } });
});

test("prefixes are left out, whatever the namespaces are called", async () => {
  const text = '<s:Envelope xmlns:s="urn:s"><s:Body><n1:id>7</n1:id></s:Body></s:Envelope>';
  expect(await parseXml(text)).toEqual({ Envelope: { Body: { id: "7" } } });
});

test("CDATA, comments, character references and other scripts", async () => {
  const text = "<u><!-- <!DOCTYPE x> &foo; --><a><![CDATA[<b>&amp;]]> &#228;&#xE4;</a>" +
    "<name>Łukasz 🙂</name><?pi x?></u>";
  expect(await parseXml(text)).toEqual({ u: { a: "<b>&amp; ää", name: "Łukasz 🙂" } });
});

test("text beside children is left out", async () => {
  expect(await parseXml("<u>\n  <a>1</a>\n  noise <b>2</b></u>")).toEqual({
    u: { a: "1", b: "2" },
  });
});

test("names that objects have by birth harm nobody", async () => {
  const parsed = await parseXml("<u><toString>1</toString><valueOf>2</valueOf></u>");
  expect(Object.entries(parsed.u as object)).toEqual([["toString", "1"], ["valueOf", "2"]]);
  for (const name of ["__proto__", "constructor", "prototype"]) {
    const hostile = `<u><${name}><polluted>yes</polluted></${name}></u>`;
    const error = await parseXml(hostile).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("any number of references is decoded, once", async () => {
  const parsed = await parseXml(`<u>${"&amp;".repeat(5000)}|&amp;lt;|&#x110000;</u>`);
  expect(parsed.u).toBe(`${"&".repeat(5000)}|&lt;|&#x110000;`);
});

test("document types and entities are refused, before anything is read", async () => {
  const bomb = '<!DOCTYPE u [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><u>&b;</u>';
  const file = '<!DOCTYPE u SYSTEM "file:///etc/hostname"><u/>';
  for (const text of [bomb, file, `<!-- <![CDATA[ -->${bomb}<!-- ]]> -->`, "<u>&nbsp;</u>"]) {
    const error = await parseXml(text).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toMatch(/document type|entity/);
  }
});

test("what is not well-formed is an error that names the line", async () => {
  for (const text of ["", "{}", "<u><a></u>", "<u>\n<a>", "<u a=1/>", "<a/><b/>", "plain"]) {
    const error = await parseXml(text).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toContain("XML");
  }
});

test("too many levels are refused instead of filling the stack", async () => {
  const deep = "<a>".repeat(50_000) + "</a>".repeat(50_000);
  const error = await parseXml(deep).then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SourceError);
});

test("listChildren() gives what is there, and nothing of what is not", () => {
  const one: XmlValue = { user: "a" };
  expect(listChildren(one, "user")).toEqual(["a"]);
  expect(listChildren({ user: ["a", "b"] }, "user")).toEqual(["a", "b"]);
  expect(listChildren({ user: null }, "user")).toEqual([]);
  expect(listChildren({}, "user")).toEqual([]);
  expect(listChildren(null, "user")).toEqual([]);
  expect(listChildren("text", "user")).toEqual([]);
  expect(listChildren(undefined, "user")).toEqual([]);
});
