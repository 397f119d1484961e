/**
 * What a rule of style finds in a file.
 *
 * @module
 */

/** Something at an offset of the file. */
export interface Finding {
  readonly offset: number;
  readonly rule: string;
  readonly message: string;
  /** Whether it is shown and does not fail the gate. */
  readonly isWarning?: boolean;
}
