/**
 * What the conformance suite needs of an engine that keeps the state.
 *
 * @module
 */
import type { MappedRecord } from "../../../src/base/record.ts";
import type { Inbox, OpenRun, State } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";

/** The state as one process has it. It masks `secret`. */
export interface Opened {
  readonly state: State;
  readonly inbox: Inbox;
}

/** A new state. */
export interface OpenedState extends Opened {
  /** A state over the same data, as another process has it. */
  again(): Promise<Opened>;
  /** Has the process that opened something die, as others see it. */
  die(opened: Opened): Promise<void>;
  close(): Promise<void>;
}

/** Opens a new state for one test. */
export type OpenState = () => Promise<OpenedState>;

/** Declares a test, as `test` does. */
export type Declare = (name: string, work: () => Promise<void>) => void;

/** Works with a new state, which is gone afterwards. */
export async function withNewState(
  openState: OpenState,
  work: (opened: OpenedState) => Promise<void>,
): Promise<void> {
  const opened = await openState();
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}

/** Begins a run of a section. */
export function beginRun(
  state: State,
  section: string,
  settings: { readonly awaitsReceipt?: boolean; readonly counts?: () => Record<string, number> } =
    {},
): Promise<OpenRun> {
  const { awaitsReceipt = false, counts = () => ({}) } = settings;
  return state.begin({ ...storedSection, section, awaitsReceipt }, "upload", counts);
}

/** Has Oomnitza accept records of a section, in a run that ends. */
export async function acceptRecords(
  state: State,
  section: string,
  records: readonly MappedRecord[],
): Promise<OpenRun> {
  const run = await beginRun(state, section);
  const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  await run.end(runEnd);
  return run;
}

/** How a good run ends. */
export const runEnd = {
  ended: "2026-01-01T00:00:00.000Z",
  outcome: "ok",
  counts: { fetched: 1, sent: 1 },
  claimed: null,
  api: "v3",
  requests: 1,
  error: null,
  stopped_by_guard: false,
} as const;

/** Has Oomnitza refuse records of a section, in their order, for one reason. */
export async function refuse(
  { state }: Opened,
  section: string,
  records: readonly MappedRecord[],
  reason: string,
): Promise<void> {
  const run = await beginRun(state, section);
  const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
  const refused = records.map((payload) => {
    return { payload, record: String(payload.TAG), reason, status: 400 };
  });
  await run.outbox.acknowledge(id, refused, []);
}

/** Has an event come that waits to be processed. */
export function receive({ inbox }: Opened, section: string, key: string): Promise<void> {
  return inbox.add([{ section, key, body: JSON.stringify(key), due: 0 }]);
}

/** Takes what is due; gives its keys. */
export async function take({ inbox }: Opened, section: string): Promise<(string | null)[]> {
  return (await inbox.take(section, 10, false)).map(({ key }) => key);
}

/** Has events about keys of a section come and be given up, in their order, for one reason. */
export async function giveUp(
  opened: Opened,
  section: string,
  keys: readonly string[],
  reason: string,
): Promise<void> {
  for (const key of keys) {
    await receive(opened, section, key);
    const taken = await opened.inbox.take(section, 1, true);
    await opened.inbox.recordOutcomes(
      taken.map(({ id }) => ({ id, kind: "dead", tries: 9, reason })),
    );
  }
}
