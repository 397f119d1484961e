/**
 * Values of options as texts: what the ini would say, and what a reader is shown.
 *
 * @module
 */

import { iniText, type Option, type Options } from "../sdk/option.ts";

/** What a sample shows as the value: what is recommended, the example, the default, or nothing. */
export function sampleText(option: Option<unknown>): string {
  return option.recommended ?? option.example ?? iniText(option.default);
}

/** The options that a sample shows, in declared order: those that are not `advanced`. */
export function plainOptions(options: Options): [string, Option<unknown>][] {
  return Object.entries(options).filter(([, option]) => !option.advanced);
}

/** The options that few people need, in declared order. */
export function advancedOptions(options: Options): [string, Option<unknown>][] {
  return Object.entries(options).filter(([, option]) => option.advanced);
}

/** What a person reads about leaving an option out: `required`, `optional`, or `default 60`. */
export function absenceText(option: Option<unknown>): string {
  if (!option.optional) return "required";
  const text = iniText(option.default);
  return text === "" ? "optional" : `default ${text}`;
}

/** The first sentence of a text, with its full stop. */
export function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s+\p{Lu}|\s*$)/su.exec(text)?.[0] ?? text;
}
