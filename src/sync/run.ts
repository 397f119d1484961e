/**
 * Runs a prepared section: what earlier runs left, then what its source gives, to its report.
 *
 * @module
 */

import type { SectionHold } from "../state/state.ts";
import { busyError } from "./deliver/held_sink.ts";
import type { PreparedSection } from "./prepare.ts";
import type { AskedUpload } from "./receipt/ask.ts";
import type { ReceiptAnswer } from "./receipt/receipt.ts";
import type { SectionReport } from "./report.ts";
import type { RunContext, RunSettings } from "./run_settings.ts";
import { SectionRun } from "./section_run.ts";

/** A section that was delivered, while it may still have to be told what became of its records. */
export interface DeliveredSection {
  /** How it went so far. */
  readonly report: () => SectionReport;
  /** The upload that is to be asked about; undefined when there is none, or no more. */
  readonly awaited: () => AskedUpload | undefined;
  /** Asks once; gives whether nothing is left to ask. */
  ask(): Promise<boolean>;
  /** Takes what was told to who asked for many uploads at once; gives whether nothing is left to ask. */
  take(answer: ReceiptAnswer): Promise<boolean>;
  /** Asks until all is told or the time is over. */
  wait(): Promise<void>;
  /** Ends the section; gives how it went. */
  settle(): Promise<SectionReport>;
}

function announce({ section, upload, log }: PreparedSection, { saved, read }: RunSettings): void {
  if (saved !== undefined) log.info(`Uploading a plan of ${section.source.title}`);
  else if (read === undefined) {
    log.info(`Uploading ${section.source.title} as ${upload.mappingName}`);
  }
}

/** Takes a section for this process. @throws {AgentError} when another process has it. */
async function holdSection(
  section: string,
  { store }: RunSettings,
): Promise<SectionHold | undefined> {
  const hold = await store?.holdSection(section);
  if (hold?.kind === "busy") throw busyError(section, hold);
  return hold;
}

/** A run that ends when another process may have the section. */
function withHold(
  hold: SectionHold | undefined,
  context: RunContext,
  settings: RunSettings,
): [RunContext, RunSettings] {
  if (hold === undefined) return [context, settings];
  const signal = AbortSignal.any([context.signal, hold.signal]);
  return [{ ...context, signal }, { ...settings, hold }];
}

/**
 * Delivers one section; `settle` ends it, whatever was told until then. Nothing is thrown: what went wrong
 * is in the report.
 */
export async function deliverSection(
  prepared: PreparedSection,
  context: RunContext,
  settings: RunSettings,
): Promise<DeliveredSection> {
  const { section, log, conversionProblems } = prepared;
  let thrown: unknown;
  function fail(error: unknown): void {
    thrown ??= error;
    if (error instanceof Error && error.stack !== undefined) log.debug(error.stack);
  }
  async function attempt<T>(work: () => T | Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      fail(error);
      return otherwise;
    }
  }
  announce(prepared, settings);
  let hold: SectionHold | undefined;
  let run: SectionRun;
  try {
    hold = await holdSection(section.name, settings);
    run = await SectionRun.begin(prepared, ...withHold(hold, context, settings));
  } catch (error) {
    fail(error);
    run = await SectionRun.begin(prepared, context, { ...settings, store: undefined });
  }
  settings.onStart?.(section.name, run.account);
  try {
    if (thrown === undefined) await attempt(() => run.deliver(), undefined);
  } finally {
    await hold?.release();
  }
  conversionProblems.summarise();
  let isNoted = false;
  /** While somebody waits, the state file says how far it is. */
  async function noteUndecided(isDecided: boolean): Promise<boolean> {
    if (!isDecided && !isNoted) {
      isNoted = true;
      await run.end(thrown, true);
    }
    return isDecided;
  }
  return {
    report: () => run.report(thrown),
    awaited: () => run.awaited,
    ask: async () => noteUndecided(await attempt(() => run.ask(), true)),
    take: async (answer) => noteUndecided(await attempt(() => run.take(answer), true)),
    wait: () => attempt(() => run.wait(), undefined),
    async settle() {
      await attempt(() => run.settle(), undefined);
      return await run.end(thrown);
    },
  };
}
