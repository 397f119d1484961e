/**
 * Tokens that expire, so that renewal can be tried out.
 *
 * @module
 */
import { type Credentials, Tokens } from "../../../src/stand_in/tokens.ts";

/** Gives out tokens for so many requests each; the one of the credentials is good for ever. */
export class ExpiringTokens extends Tokens {
  readonly #password: string | undefined;
  readonly #lifetime: number | undefined;
  /** Tokens got by login with the requests that each has left. */
  readonly #lent = new Map<string, number>();

  constructor(options: Credentials & { readonly tokenLifetime?: number | undefined }) {
    super(options);
    this.#password = options.password;
    this.#lifetime = options.tokenLifetime;
  }

  override login(login: string, password: string): string | undefined {
    const fixed = super.login(login, password);
    if (fixed === undefined || this.#lifetime === undefined) return fixed;
    const token = crypto.randomUUID();
    this.#lent.set(token, this.#lifetime);
    return token;
  }

  override accept(token: string): boolean {
    if (super.accept(token)) return true;
    const left = this.#lent.get(token) ?? 0;
    if (left > 1) this.#lent.set(token, left - 1);
    else this.#lent.delete(token);
    return left > 0;
  }

  /**
   * A part of an address without the tokens and the password, however they came into it. One
   * shorter than eight characters is only found when it is the whole part: it may well be a
   * syllable of any word.
   */
  redact(part: string): string {
    let clean = part;
    for (const secret of [this.token, this.#password, ...this.#lent.keys()]) {
      if (!secret) continue;
      if (part === secret) return "***";
      if (secret.length >= 8) clean = clean.replaceAll(secret, "***");
    }
    return clean;
  }
}
