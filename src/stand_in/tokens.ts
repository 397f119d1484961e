/**
 * Who may talk to a stand-in.
 *
 * @module
 */

/** Credentials of a stand-in. */
export interface TokenOptions {
  /** The token that is always good; a random one unless given. */
  readonly token?: string | undefined;
  /** Login for `POST /api/request_token`; without it every login is refused. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /**
   * Requests that a token got by login is good for, so that renewal can be tried out; for ever
   * unless given.
   */
  readonly tokenLifetime?: number | undefined;
}

/** The tokens that are good at the moment. */
export class Tokens {
  /** The token that is always good. */
  readonly token: string;
  readonly #options: TokenOptions;
  /** Tokens got by login with the requests that each has left. */
  readonly #lent = new Map<string, number>();

  constructor(options: TokenOptions) {
    this.token = options.token ?? crypto.randomUUID();
    this.#options = options;
  }

  /** A token for the right login and password, undefined for wrong ones. */
  login(login: string, password: string): string | undefined {
    const { username, password: right, tokenLifetime } = this.#options;
    if (username === undefined || right === undefined) return undefined;
    if (login !== username || password !== right) return undefined;
    if (tokenLifetime === undefined) return this.token;
    const token = crypto.randomUUID();
    this.#lent.set(token, tokenLifetime);
    return token;
  }

  /** Whether a token is good, without using it up. */
  good(token: string | undefined): boolean {
    return token !== undefined && (token === this.token || this.#lent.has(token));
  }

  /** Whether a token is good for one more request, which it is used for. */
  spend(token: string | undefined): boolean {
    if (token === undefined || !this.good(token)) return false;
    const left = this.#lent.get(token);
    if (left === undefined) return true;
    if (left > 1) this.#lent.set(token, left - 1);
    else this.#lent.delete(token);
    return true;
  }

  /**
   * A part of an address without the tokens and the password, however they came into it. One
   * shorter than eight characters is only found when it is the whole part: it may well be a
   * syllable of any word.
   */
  redact(part: string): string {
    let clean = part;
    for (const secret of [this.token, this.#options.password, ...this.#lent.keys()]) {
      if (!secret) continue;
      if (part === secret) return "***";
      if (secret.length >= 8) clean = clean.replaceAll(secret, "***");
    }
    return clean;
  }
}
