/**
 * The next run of a section is the same wherever somebody asks for it.
 *
 * @module
 */
import { expect, setSystemTime, test } from "bun:test";
import { loadConfig } from "../../src/app/configuration.ts";
import { nextRuns, openPast, scheduledSections, type UpcomingRun } from "../../src/app/schedule.ts";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { Scheduler } from "../../src/daemon/scheduler.ts";
import { StateStore } from "../../src/state/store.ts";
import { type Faces, openFaces } from "./support/faces.ts";

const oomnitza = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = abcdefgh\n";

/** Days and a window far enough apart that the clock does not pass one of them during a test. */
function writeConfig(faces: Faces, ...options: readonly string[]): void {
  faces.write(
    "config.ini",
    [
      oomnitza,
      "[csv_assets]",
      "enable = True",
      "filename = assets.csv",
      "sync_field = BARCODE",
      "mapping.BARCODE = tag",
      ...options,
      "",
    ].join("\n"),
  );
  faces.write("assets.csv", "tag\nA-1\n");
}

async function listed(faces: Faces): Promise<UpcomingRun> {
  const { code, stdout, stderr } = await faces.cli("schedule", "--output", "json");
  expect(code, stderr).toBe(0);
  const [run] = JSON.parse(stdout) as UpcomingRun[];
  if (run === undefined) throw new Error(`Nothing is scheduled: ${stdout}`);
  return run;
}

/** What the scheduler of the service takes as the next start. */
async function scheduled(faces: Faces): Promise<string | undefined> {
  const config = loadConfig(faces.app);
  const scheduler = new Scheduler({
    sections: scheduledSections(config),
    parallel: 1,
    readPast: await openPast(config, undefined, { notes: false, signal: faces.app.signal }),
    log: createLog("agent", createRedactor(), []),
    run: () => Promise.resolve(false),
  });
  return (await scheduler.upcoming())[0]?.due?.toISOString();
}

/** A minute as the overview shows it. */
function minute(iso: string | null): string {
  return (iso ?? "").slice(0, 16).replace("T", " ");
}

const yearly = ["schedule = 0 3 1 1 *", "schedule_timezone = UTC"];

test.each([
  ["a plain schedule", []],
  ["a maintenance window", ["maintenance_window = 02:00-06:00"]],
  ["jitter", ["schedule_jitter = 7200"]],
  ["jitter into a maintenance window", [
    "schedule_jitter = 7200",
    "maintenance_window = 03:00-06:00",
  ]],
])("command line, overview, schedule page and service agree with %s", async (_name, options) => {
  using faces = openFaces();
  writeConfig(faces, ...yearly, ...options);
  const { next } = await listed(faces);
  expect(next).toMatch(/^\d{4}-01-01T0\d:/);
  expect(await faces.page("")).toContain(` ${minute(next)}`);
  expect(await faces.page("schedule")).toContain(` ${minute(next)}`);
  expect(await scheduled(faces)).toBe(next as string);
});

test("a window holds up the start that is shown", async () => {
  using faces = openFaces();
  writeConfig(faces, ...yearly, "maintenance_window = 02:00-06:00");
  const { next } = await listed(faces);
  expect(next).toMatch(/-01-01T06:00:00/);
  const overview = await faces.page("");
  expect(overview).toContain("-01-01 06:00");
  expect(overview).not.toContain("-01-01 03:00");
});

test("an interval counts from the last start, on every face", async () => {
  using faces = openFaces();
  writeConfig(faces, "schedule = every 20h");
  const { app } = faces;
  await using store = await openStore(faces);
  // The service notes since when a schedule is as it is.
  await openPast(loadConfig(app), store.store, { notes: true, signal: app.signal });
  await Bun.sleep(2);
  const stored = { section: "csv_assets", upload: "{}", remember: false };
  await store.store.begin(stored, "upload", () => ({}));
  const [run] = await nextRuns(app, loadConfig(app));
  expect(run?.last).not.toBeNull();
  const due = Date.parse(run?.last ?? "") + 20 * 3_600_000;
  expect(run?.next).toBe(new Date(due).toISOString());
  expect(await listed(faces)).toEqual(run as UpcomingRun);
  expect(await faces.page("")).toContain(minute(run?.next ?? null));
});

test("what was noted while the clock was wrong is not counted from", async () => {
  using faces = openFaces();
  writeConfig(faces, "schedule = every 20h");
  const { app } = faces;
  await using store = await openStore(faces);
  const stored = { section: "csv_assets", upload: "{}", remember: false };
  try {
    setSystemTime(new Date(Date.now() + 400 * 86_400_000));
    await openPast(loadConfig(app), store.store, { notes: true, signal: app.signal });
    await store.store.begin(stored, "upload", () => ({}));
  } finally {
    setSystemTime();
  }
  const past = await openPast(loadConfig(app), store.store, { notes: true, signal: app.signal });
  const { lastStart, since } = (await past())("csv_assets");
  expect(lastStart).toBeUndefined();
  expect(since.getTime()).toBeLessThanOrEqual(Date.now());
  // It is written down anew, once.
  expect(
    (await (await openPast(loadConfig(app), store.store, { notes: true, signal: app.signal }))())(
      "csv_assets",
    ).since,
  )
    .toEqual(since);
  // By the clock that is right, the next run counts from its own start.
  await store.store.begin(stored, "upload", () => ({}));
  expect((await past())("csv_assets").lastStart?.getTime()).toBeLessThanOrEqual(Date.now());
});

test("a clock that is set back while the service runs does not stop its schedules", async () => {
  using faces = openFaces();
  writeConfig(faces, "schedule = every 20h");
  await using store = await openStore(faces);
  let past: Awaited<ReturnType<typeof openPast>>;
  try {
    setSystemTime(new Date(Date.now() + 400 * 86_400_000));
    past = await openPast(loadConfig(faces.app), store.store, {
      notes: true,
      signal: faces.app.signal,
    });
  } finally {
    setSystemTime();
  }
  const { since } = (await past())("csv_assets");
  expect(since.getTime()).toBeLessThanOrEqual(Date.now());
  // The same at each look, or a start would always be ahead.
  expect((await past())("csv_assets").since).toEqual(since);
});

function openStore({ app }: Faces) {
  const store = new StateStore({
    path: app.stateFile ?? "",
    instance: "https://example.oomnitza.com",
    redact: (text) => text,
  });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

test("sections that end together are followed by one look at what is due, not by one each", async () => {
  using faces = openFaces();
  const config = loadConfig({ ...faces.app, ...(writeConfig(faces, "schedule = every 1d"), {}) });
  const [section] = scheduledSections(config);
  if (section === undefined) throw new Error("Nothing is scheduled");
  const names = Array.from({ length: 50 }, (_, at) => `section ${at}`);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let looks = 0;
  let begun = 0;
  let ended = 0;
  const scheduler = new Scheduler({
    sections: names.map((name) => ({ ...section, name })),
    parallel: names.length,
    readPast: async () => {
      looks++;
      await Bun.sleep(0);
      return () => ({ lastStart: undefined, since: new Date(0) });
    },
    log: createLog("agent", createRedactor(), []),
    run: async () => {
      begun++;
      await released;
      ended++;
      return true;
    },
  });
  scheduler.start();
  while (begun < names.length) await Bun.sleep(1);
  expect(looks).toBe(1);
  release();
  await scheduler.stop();
  expect([ended, looks]).toEqual([names.length, 1]);
});
