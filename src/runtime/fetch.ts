/**
 * One HTTP exchange over Bun's fetch, with TLS settings per request.
 *
 * @module
 */

/** TLS settings of a connection, PEM texts already read. */
export interface TlsSettings {
  /** False switches certificate checks off altogether. */
  readonly verify: boolean;
  /** Extra certificate authorities, PEM. */
  readonly ca?: readonly string[] | undefined;
  /** Client certificate and key, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Lowest protocol version as its wire number, for example 0x0303 for TLS 1.2. */
  readonly minVersion?: number | undefined;
}

/** What is sent. Redirects are not followed: the caller decides where credentials may go. */
export interface Exchange {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly tls: TlsSettings;
  readonly signal: AbortSignal;
}

/** What came back, with the body read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** What went wrong, where something else than the status tells. */
  readonly fault?: string | undefined;
}

const tlsOptions = new WeakMap<TlsSettings, BunFetchRequestInitTLS>();

function tlsFor(settings: TlsSettings): BunFetchRequestInitTLS {
  const known = tlsOptions.get(settings);
  if (known !== undefined) return known;
  const options: Record<string, unknown> = { rejectUnauthorized: settings.verify };
  if (settings.ca !== undefined) options.ca = settings.ca;
  if (settings.cert !== undefined) options.cert = settings.cert;
  if (settings.key !== undefined) options.key = settings.key;
  if (settings.minVersion !== undefined) {
    // Bun wants numbers here; and a floor below 1.2 only works with the ceiling named as well.
    options.minVersion = settings.minVersion;
    options.maxVersion = 0x0304;
  }
  const typed = options as BunFetchRequestInitTLS;
  tlsOptions.set(settings, typed);
  return typed;
}

/** Sends one request and reads the whole answer. Throws what the connection throws. */
export async function exchange(request: Exchange): Promise<Answer> {
  const init: BunFetchRequestInit = {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    redirect: "manual",
    signal: request.signal,
  };
  // Reading the settings costs as much as the request itself when they are not needed.
  if (request.url.startsWith("https:")) init.tls = tlsFor(request.tls);
  const response = await fetch(request.url, init);
  return { status: response.status, headers: response.headers, body: await response.text() };
}
