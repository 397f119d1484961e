/**
 * How a stand-in refuses a request.
 *
 * @module
 */

/** A request that is answered with an error status and `{"error": message}`. */
export class Refusal extends Error {
  override name = "Refusal";
  /** The status of the answer. */
  readonly status: 400 | 401 | 403 | 404 | 409;

  constructor(status: Refusal["status"], message: string) {
    super(message);
    this.status = status;
  }
}
