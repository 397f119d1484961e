/**
 * Reads the body of a call, within a limit of bytes and of time.
 *
 * @module
 */

/** A body, or the status to answer with. */
export type Body = { readonly text: string } | { readonly status: 400 | 408 | 413 };

/** What a body may be. */
export interface BodyLimits {
  /** The runtime holds bodies without a stated length to the same limit. */
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** Reads a body. Never throws: a caller that goes away gives a 400 that nobody reads. */
export async function readBody(request: Request, { maxBytes, maxMs }: BodyLimits): Promise<Body> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return { status: 413 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooSlow = new Promise<Body>((resolve) => {
    timer = setTimeout(() => resolve({ status: 408 }), maxMs);
  });
  try {
    return await Promise.race([request.text().then((text) => ({ text })), tooSlow]);
  } catch {
    // The connection broke, or the body had no end: what came is no event.
    return { status: 400 };
  } finally {
    clearTimeout(timer);
  }
}
