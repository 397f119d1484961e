/**
 * Reads the body of a call, within a limit of bytes and of time.
 *
 * @module
 */

/** A body, or the status to answer with. */
export type Body = { readonly text: string } | { readonly status: 400 | 408 | 413 };

/** What a body may be. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxMs: number;
}

async function readWithin(request: Request, maxBytes: number): Promise<Body> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return { status: 413 };
    text += decoder.decode(chunk, { stream: true });
  }
  return { text: text + decoder.decode() };
}

/** Reads a body. Never throws: a caller that goes away gives a 400 that nobody reads. */
export async function readBody(request: Request, { maxBytes, maxMs }: BodyLimits): Promise<Body> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return { status: 413 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooSlow = new Promise<Body>((resolve) => {
    timer = setTimeout(() => resolve({ status: 408 }), maxMs);
  });
  try {
    return await Promise.race([readWithin(request, maxBytes), tooSlow]);
  } catch {
    // The connection broke, or the body had no end: what came is no event.
    return { status: 400 };
  } finally {
    clearTimeout(timer);
  }
}
