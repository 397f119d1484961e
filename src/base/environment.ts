/**
 * The environment variables of a run: main.ts reads them from the process, everything else is given them.
 *
 * @module
 */

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;
