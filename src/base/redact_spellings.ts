/**
 * Every spelling that a secret takes on the wire: JSON, XML, URLs, forms, Basic headers.
 *
 * @module
 */

/** A text to be masked wherever it occurs. */
export interface Spelling {
  readonly text: string;
  /**
   * Whether it lies inside of a base64 text. The characters beside it then hold some of the secret's
   * bits, and the rest of a Basic header, so the whole text is to be masked.
   */
  readonly isBase64: boolean;
}

function escapeXml(text: string, quotes: Readonly<Record<string, string>>): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", ...quotes };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** JSON as such, JSON in JSON, and as other programs write it. */
function jsonSpellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [json, ascii, json.replaceAll("/", "\\/"), JSON.stringify(json).slice(1, -1)];
}

/** In element texts and in attributes, by the habits of several libraries; also inside of JSON. */
function xmlSpellings(secret: string): string[] {
  const quotes = [
    {},
    { '"': "&quot;" },
    { '"': "&quot;", "'": "&#39;" },
    { '"': "&quot;", "'": "&apos;" },
    { '"': "&#34;", "'": "&#39;" },
  ];
  return quotes.flatMap((entities) => {
    const xml = escapeXml(secret, entities);
    return [xml, JSON.stringify(xml).slice(1, -1)];
  });
}

function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** In paths, queries and forms: space as %20 or +, hexadecimal digits of either case. */
function urlSpellings(secret: string): string[] {
  const component = encodeURIComponent(secret);
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const forms = [encodeURI(secret), component, strict, form, component.replaceAll("%20", "+")];
  const twice = encodeURIComponent(component);
  return [...forms, twice].flatMap((text) => [text, lowerHex(text)]);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/**
 * What the bytes become in base64 after 0, 1 or 2 other bytes (modulo 3): the part that does not
 * depend on what stands before and after, as in `user:secret`.
 */
function base64Cores(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((before) => {
    const shifted = new Uint8Array(before + bytes.length);
    shifted.set(bytes, before);
    const from = Math.ceil(before * 8 / 6);
    return toBase64(shifted).slice(from, Math.floor(shifted.length * 8 / 6));
  });
}

function base64Spellings(secret: string): string[] {
  const texts = [secret, encodeURIComponent(secret)];
  const cores = texts.flatMap((text) => base64Cores(new TextEncoder().encode(text)));
  // Older clients send Basic credentials in Latin-1.
  if (/^[\p{ASCII}\u0080-\u00ff]*$/u.test(secret)) {
    cores.push(...base64Cores(Buffer.from(secret, "latin1")));
  }
  return cores.flatMap((core) => {
    const forUrls = core.replaceAll("+", "-").replaceAll("/", "_");
    const escaped = encodeURIComponent(core);
    return [core, forUrls, escaped, lowerHex(escaped)];
  });
}

/** Byte for byte, as dumps and some directories write it. */
function hexSpellings(secret: string): string[] {
  const hex = Buffer.from(secret, "utf8").toString("hex");
  return [hex, hex.toUpperCase()];
}

/** The secret itself, and what may stand for it: without space around it, or line by line. */
function splitParts(secret: string): string[] {
  // A private key may turn up without its line breaks or in part; its first line is no secret.
  const lines = secret.split(/\r?\n/).filter((line) => !line.startsWith("-----"));
  return [secret, secret.trim(), ...lines.length > 1 ? lines.map((line) => line.trim()) : []];
}

/**
 * All spellings of a secret.
 *
 * @param shortest spellings with fewer characters are left out
 */
export function listSpellings(secret: string, shortest: number): Spelling[] {
  const found = new Map<string, Spelling>();
  function add(texts: readonly string[], isBase64: boolean): void {
    for (const text of texts) {
      if (text.length >= shortest && !found.has(text)) found.set(text, { text, isBase64 });
    }
  }
  for (const part of new Set(splitParts(secret))) {
    if (part.length < shortest) continue;
    const sound = part.toWellFormed(); // URL encoding throws at half a surrogate pair
    add([part, ...jsonSpellings(part), ...xmlSpellings(part), ...urlSpellings(sound)], false);
    add(hexSpellings(sound), false);
    add(base64Spellings(sound), true);
  }
  return [...found.values()];
}
