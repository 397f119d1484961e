/**
 * Reads the body of an answer, up to a limit: how much a server sends is for us to decide.
 *
 * @module
 */

/** A body has more bytes than it may have. */
export class AnswerTooLarge extends Error {
  override name = "AnswerTooLarge";
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.maxBytes = maxBytes;
  }
}

export interface Body {
  readonly body: string;
  /** Some bytes were no text in its encoding. */
  readonly damaged: boolean;
}

/** The pieces of a body, unpacked as they come: a small body can be a large one that was packed. */
async function readPieces(response: Response, maxBytes: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  if (response.body === null) return pieces;
  const reader = response.body.getReader();
  let size = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new AnswerTooLarge(maxBytes);
    }
    pieces.push(value);
  }
}

const lessThan = 60;

/** The encoding that the header or the first line of XML names; empty when none does. */
function namedEncoding(contentType: string | null, bytes: Uint8Array): string {
  const [, label] = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? "") ?? [];
  if (label !== undefined) return label.toLowerCase();
  if (bytes[0] !== lessThan) return "";
  const start = String.fromCharCode(...bytes.subarray(0, 100));
  const [, declared = ""] = /^<\?xml\s[^>]*\bencoding\s*=\s*["']([\w.:-]+)/.exec(start) ?? [];
  return declared.toLowerCase();
}

function decode(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return undefined; // It is not in that encoding, or nobody knows the name.
  }
}

/** What is sound UTF-8 is UTF-8, whatever a header says: JSON is nothing else, and headers are often wrong. */
function decodeBody(bytes: Uint8Array, contentType: string | null): Body {
  const label = namedEncoding(contentType, bytes);
  const labels = label.startsWith("utf-16") ? [label, "utf-8"] : ["utf-8", label];
  for (const each of labels) {
    const body = each === "" ? undefined : decode(bytes, each);
    if (body !== undefined) return { body, damaged: false };
  }
  return { body: new TextDecoder().decode(bytes), damaged: true };
}

/** Whether a body has for certain no more bytes than it may have: it has a length, and is not packed. */
function isKnownToFit({ headers }: Response, maxBytes: number): boolean {
  const length = headers.get("content-length");
  if (length === null || !/^\d+$/.test(length) || Number(length) > maxBytes) return false;
  return !headers.has("content-encoding") && !headers.has("transfer-encoding");
}

/** Reads a body to its end. Throws {@linkcode AnswerTooLarge}, and what the connection throws. */
export async function readBody(response: Response, maxBytes: number): Promise<Body> {
  if (isKnownToFit(response, maxBytes)) {
    // Most answers to uploads are some bytes: reading those in pieces costs several times as much.
    return decodeBody(await response.bytes(), response.headers.get("content-type"));
  }
  const pieces = await readPieces(response, maxBytes);
  const bytes = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  return decodeBody(bytes, response.headers.get("content-type"));
}
