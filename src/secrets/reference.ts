/**
 * References to secrets: `${env:NAME}` and its like, instead of an option's value.
 *
 * @module
 */

/** A reference as written: `${store:target}`. */
export interface Reference {
  /** `env`, `file`, `vault` and so on; not yet known to exist. */
  readonly store: string;
  /** What the store looks up; may be empty. */
  readonly target: string;
}

const shape = /^\$\{([A-Za-z][A-Za-z0-9_-]*):(.*)\}$/s;

/** Understands a whole value that looks like a reference; anything else is a plain value. */
export function parseReference(value: string): Reference | undefined {
  const [, store, target] = shape.exec(value.trim()) ?? [];
  return store === undefined || target === undefined ? undefined : { store, target: target.trim() };
}
