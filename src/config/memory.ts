/**
 * What reading a configuration again and again need not do again while the file stays the same.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import type { IniDocument, IniSection } from "./ini.ts";
import type { SectionOutcome } from "./section.ts";

/** A section that is not to run. */
export interface LeftSection {
  /** Without what its references mean. */
  readonly section: IniSection;
  /** What is wrong with its `enable`. */
  readonly findings: readonly Finding[];
}

/**
 * The parsed file, and what checking those of its sections came to that are not to run. The service reads
 * the whole file for each run of one section, on the thread that answers webhooks.
 *
 * It is of one process, whose environment, working directory and sources stay the same. A section that is to
 * run is read anew each time: what its references mean may have changed, and files may have come.
 */
export class ConfigMemory {
  #file: { readonly bytes: Uint8Array; readonly document: IniDocument } | undefined;
  /** By what the sections are in the parsed file. */
  readonly #left = new WeakMap<IniSection, LeftSection>();
  /** Of those, what checking them came to; nothing before the first time. */
  readonly #outcomes = new WeakMap<IniSection, SectionOutcome | undefined>();

  /** The parsed file; it is parsed when its content is not that of before. */
  document(bytes: Uint8Array, parse: () => IniDocument): IniDocument {
    if (this.#file === undefined || Buffer.compare(this.#file.bytes, bytes) !== 0) {
      this.#file = { bytes, document: parse() };
    }
    return this.#file.document;
  }

  /** What a section of the parsed file came to when it was not to run. */
  left(section: IniSection): LeftSection | undefined {
    return this.#left.get(section);
  }

  /** Remembers what a section of the parsed file came to when it was not to run. */
  remember(section: IniSection, left: LeftSection): void {
    this.#left.set(section, left);
    // One that is the same when it is to run is checked each time.
    if (left.section !== section) this.#outcomes.set(left.section, undefined);
  }

  /** What checking a section comes to; only those of {@linkcode remember} are remembered. */
  outcome(section: IniSection, check: () => SectionOutcome): SectionOutcome {
    const known = this.#outcomes.get(section);
    if (known !== undefined) return known;
    const outcome = check();
    if (this.#outcomes.has(section)) this.#outcomes.set(section, outcome);
    return outcome;
  }
}
