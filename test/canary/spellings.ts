/**
 * Every form in which a secret could lie about in a file or on a screen, and the search for them. Written
 * apart from the agent's own list of spellings, so that a gap there is found here.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of base64 that does not depend on what stands before and after, for each position. */
function base64Cores(bytes: Buffer): Buffer[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = [0, 2, 3][before] ?? 0;
    const whole = Math.floor((before + bytes.length) / 3) * 4;
    return Buffer.from(text.slice(first, whole));
  });
}

function textForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const url = encodeURIComponent(secret);
  const strict = url.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  const form = new URLSearchParams({ x: secret }).toString().slice(2);
  const xml = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const attribute = xml.replaceAll('"', "&quot;").replaceAll("'", "&apos;");
  const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
  return [
    ...[secret, json, ascii, JSON.stringify(json).slice(1, -1), xml, attribute],
    ...[url, strict, form, encodeURIComponent(url)].flatMap((text) => [text, lower(text)]),
  ];
}

/** The forms of a secret as bytes. */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret, "utf8");
  const base64 = [bytes, Buffer.from(encodeURIComponent(secret)), Buffer.from(secret, "latin1")]
    .flatMap(base64Cores);
  const forUrls = base64.map((core) =>
    Buffer.from(core.toString().replaceAll("+", "-").replaceAll("/", "_"))
  );
  const escaped = base64.map((core) => Buffer.from(encodeURIComponent(core.toString())));
  const hex = bytes.toString("hex");
  return [
    ...textForms(secret).flatMap((text) => [Buffer.from(text), Buffer.from(text, "utf16le")]),
    ...[...base64, ...forUrls, ...escaped],
    ...[hex, hex.toUpperCase()].map((text) => Buffer.from(text)),
  ].filter((form) => form.length >= 6);
}

/** What a run left behind: its output and its files, by name. */
export type Traces = ReadonlyMap<string, Buffer>;

/** All files under a folder but those that the test itself has put there. */
export function filesUnder(folder: string, except: readonly string[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || except.includes(entry.name)) continue;
    found.set(path.slice(folder.length + 1), readFileSync(path));
  }
  return found;
}

/** Where a secret lies about, with what stands around it; nothing when it is well kept. */
export function findSecrets(secrets: readonly string[], traces: Traces): string[] {
  return secrets.flatMap((secret) =>
    formsOf(secret).flatMap((form) =>
      [...traces].flatMap(([name, bytes]) => {
        const at = bytes.indexOf(form);
        if (at < 0) return [];
        const around = bytes.subarray(Math.max(0, at - 60), at + form.length + 20);
        return [`${name}: ${secret} as ${form}: …${around}…`];
      })
    )
  );
}
