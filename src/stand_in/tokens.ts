/**
 * Who may talk to a stand-in.
 *
 * @module
 */

/** Credentials of a stand-in. */
export interface Credentials {
  /** The token that is always good; a random one unless given. */
  readonly token?: string | undefined;
  /** Login for `POST /api/request_token`; without it every login is refused. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Checks tokens and logins. */
export class Tokens {
  /** The token that is always good. */
  readonly token: string;
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.token = credentials.token ?? crypto.randomUUID();
    this.#credentials = credentials;
  }

  /** A token for the right login and password, undefined for wrong ones. */
  login(login: string, password: string): string | undefined {
    const { username, password: right } = this.#credentials;
    const isRight = username !== undefined && login === username && password === right;
    return isRight ? this.token : undefined;
  }

  /** Whether one request may be made with a token. */
  accept(token: string): boolean {
    return token === this.token;
  }
}
