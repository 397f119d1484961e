/**
 * The state in PostgreSQL beside the state file: batches, events, and comparing over a line that takes
 * 2 ms. A real server is started in a temporary folder, with its data on this machine's disk.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { MappedRecord } from "../src/base/record.ts";
import { Fingerprints } from "../src/state/fingerprint.ts";
import { StateInbox } from "../src/state/inbox.ts";
import { openPg } from "../src/state/postgres/pg.ts";
import { openPgState } from "../src/state/postgres/state.ts";
import { parsePgUrl } from "../src/state/postgres/target.ts";
import type { Inbox, State } from "../src/state/state.ts";
import { StateStore } from "../src/state/store.ts";
import { Intake } from "../src/sync/inbox/intake.ts";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { storedSection } from "../test/sync/support/store.ts";
import { openSlowLine } from "./delay_proxy.ts";
import type { Figures, Row } from "./row.ts";

const batches = 800;
const batchSize = 100;
const groupSize = 8;
const workers = 4;
const events = 20_000;
const callers = 64;
const known = 100_000;
const comparedAtOnce = 256;
const roundTripMs = 2;
/** The instance that records of a benchmark go to. */
export const instance = "https://example.oomnitza.com";

interface Opened {
  readonly state: State;
  readonly inbox: Inbox;
}

function makeRecord(number: number): MappedRecord {
  const record: Record<string, string> = { TAG: `TAG-${number}` };
  for (let field = 1; field < 10; field++) record[`FIELD_${field}`] = `value ${field} of ${number}`;
  return record;
}

/** Records of ten fields, with numbers from the first one on. */
export function makeRecords(first: number, count: number): MappedRecord[] {
  return Array.from({ length: count }, (_, index) => makeRecord(first + index));
}

/** Puts batches in groups, which workers take and have answered at once, as the delivery does. */
async function measureOutbox({ state }: Opened): Promise<number> {
  const run = await state.begin({ ...storedSection, section: "outbox" }, "upload", () => ({}));
  const texts = Array.from({ length: batches }, (_, at) => {
    const records = makeRecords(at * batchSize, batchSize);
    return { records, text: JSON.stringify(records) };
  });
  const began = performance.now();
  const ready: number[] = [];
  let wake = Promise.withResolvers<void>();
  const signal = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  let isEnd = false;
  const work = async () => {
    for (;;) {
      const id = ready.shift();
      if (id === undefined) {
        if (isEnd) return;
        await wake.promise;
        continue;
      }
      await run.outbox.acknowledge(id, [], []);
      signal();
    }
  };
  const working = Promise.all(Array.from({ length: workers }, work));
  for (let at = 0; at < batches; at += groupSize) {
    while (ready.length > 2 * groupSize) await wake.promise;
    ready.push(...await run.outbox.put(texts.slice(at, at + groupSize)));
    signal();
  }
  isEnd = true;
  signal();
  await working;
  await run.outbox.finish();
  return batches * batchSize / (performance.now() - began) * 1000;
}

/** Callers that each wait for the promise to keep an event before they have the next. */
async function measureInbox({ inbox }: Opened): Promise<Figures> {
  const intake = await Intake.open(inbox);
  const waits: number[] = [];
  let next = 0;
  const began = performance.now();
  const call = async () => {
    for (let at = next++; at < events; at = next++) {
      const asked = performance.now();
      const body = JSON.stringify({ id: at, event: "ComputerCheckIn", text: "x".repeat(200) });
      await intake.accept({
        section: "inbox",
        key: `computer ${at % 5000}`,
        body,
        due: Date.now(),
      });
      waits.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const rate = events / (performance.now() - began) * 1000;
  const p99 = waits.toSorted((a, b) => a - b)[Math.floor(events * 0.99)] ?? Number.NaN;
  return { "events/s": rate, "ms for 99 of 100 events": p99 };
}

/** Has many records accepted, then compares them all, none of them changed. */
async function measureCompare(near: Opened, far: Opened): Promise<Figures> {
  const { upload } = storedSection;
  for (let at = 0; at < known; at += 500) {
    await near.state.accepted.add("compare", upload, "1", makeRecords(at, 500));
  }
  const began = performance.now();
  await near.state.accepted.openBaseline("compare", upload);
  const taken = performance.now();
  const baseline = await far.state.accepted.openBaseline("compare", upload);
  const prints = new Fingerprints(["TAG"]);
  for (let at = 0; at < known; at += comparedAtOnce) {
    const made = makeRecords(at, Math.min(comparedAtOnce, known - at)).map((each) =>
      prints.create(each)
    );
    const found = await baseline.findAll(made.map((print) => print?.key));
    if (made.some((print, index) => print?.values !== found[index]?.values)) {
      throw new Error("a record is not known as it was accepted");
    }
  }
  return {
    "records taken in/s": known / (taken - began) * 1000,
    "s for comparing 100,000": (performance.now() - taken) / 1000,
  };
}

async function measure(near: Opened, far: Opened): Promise<Figures> {
  return {
    "records through the outbox/s": await measureOutbox(near),
    ...await measureInbox(near),
    ...await measureCompare(near, far),
    "load of the machine": loadavg()[0] ?? Number.NaN,
  };
}

async function measurePostgres(server: Postgres, tenant: string): Promise<Figures> {
  const line = await openSlowLine(server.port, roundTripMs);
  const direct = server.url("127.0.0.1", "sslmode=disable");
  const doors = [direct, direct.replace(`:${server.port}/`, `:${line.port}/`)].map((url) =>
    openPg(parsePgUrl(url), { connections: 6, milliseconds: 60_000 })
  );
  const settings = { tenant, instance, schema: "bench", leaseMs: 60_000 };
  const states = await Promise.all(
    doors.map((pg) => openPgState({ ...settings, pg, redact: (text) => text })),
  );
  const [near, far] = states;
  try {
    if (near === undefined || far === undefined) throw new Error("There are no two doors");
    return await measure({ state: near, inbox: near.inbox }, { state: far, inbox: far.inbox });
  } finally {
    for (const state of states) await state.close();
    for (const pg of doors) await pg.close();
    line.stop();
  }
}

async function measureFile(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-"));
  const settings = { path: join(folder, "state.sqlite"), redact: (text: string) => text };
  const state = new StateStore({ ...settings, instance });
  const inbox = new StateInbox(settings);
  try {
    return await measure({ state, inbox }, { state, inbox });
  } finally {
    await inbox.close();
    await state.close();
    rmSync(folder, { recursive: true });
  }
}

/** PostgreSQL on this machine, beside the state file. Gives how the server is stopped, too. */
export async function startPostgresRow(): Promise<{ readonly row: Row; stop(): Promise<void> }> {
  const server = await startPostgres();
  let rounds = 0;
  return {
    row: {
      name: `postgres: outbox of ${batches} batches, ${events} events of ${callers} callers, ` +
        `comparing over ${roundTripMs} ms more`,
      measure: () => measurePostgres(server, `round ${++rounds}`),
      reference: { name: "the state file, without the line", measure: measureFile },
    },
    stop: () => server[Symbol.asyncDispose](),
  };
}
