/**
 * What every source that reads only changes must do, tried with uploads against its vendor's server.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { exitCodes } from "../../src/cli/command.ts";
import type { RunResult } from "./binary.ts";
import { record, type Recorded, type Scripted } from "./recorder.ts";
import { slow } from "./slow.ts";
import { oomnitzaSection, workspace } from "./workspace.ts";

/** A vendor's server whose objects change, and the section that reads them. */
export interface ChangingServer extends AsyncDisposable {
  /** Section name, for example `okta`. */
  readonly section: string;
  /** Option lines: credentials, `sync_field`, and mappings of the two fields below; without mode. */
  readonly options: string;
  /** Oomnitza field with the key of an object. */
  readonly keyField: string;
  /** Oomnitza field with its version. */
  readonly versionField: string;
  /** Key → version of every object that there is now. */
  versions(): ReadonlyMap<string, string>;
  /** Requests so far, other than for signing in. */
  requests(): number;
  /** An object gets another version, at the time of the server's clock. */
  change(key: string): void;
  add(): void;
  remove(key: string): void;
  /** Lets the server's clock run on. */
  advance(ms: number): void;
}

/** A source that reads only changes. */
export interface ChangesSubject {
  readonly name: string;
  /** What the source calls what it reads: `hosts`. */
  readonly what: string;
  /**
   * Starts a server with so many objects. `onRequest` is to be called while it answers: before or after the
   * answer was made up.
   */
  start(
    count: number,
    onRequest?: (server: ChangingServer) => void,
  ): ChangingServer | Promise<ChangingServer>;
  /** A number of objects that takes several pages. */
  readonly many: number;
  /**
   * A number of objects of which all take a hundred requests and more; nothing where so many are on a page that
   * changes cannot take a hundredth of the requests.
   */
  readonly plenty?: number;
}

/** What an upload came to. */
export interface Upload {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Key → version, as they arrived. */
  readonly arrived: ReadonlyMap<string, string>;
}

/** Uploads of one section to one instance, one after the other. */
export interface Uploads extends AsyncDisposable {
  /** Lines that are added to the section from now on. */
  extra: string;
  /** What is answered to uploads from now on. */
  refuse: Scripted | undefined;
  upload(...words: string[]): Promise<Upload>;
  /** Plans an upload. */
  plan(...words: string[]): Promise<RunResult>;
  /** An upload that is killed, with SIGKILL, once a request like this has arrived and before it is answered. */
  kill(when: (request: Recorded) => boolean): Promise<void>;
  /** What the section remembers. */
  remembered(): Readonly<Record<string, string>>;
  /** Uploads to another instance from now on. */
  move(): Promise<void>;
}

const isBulk = ({ path }: Recorded) => path === "/api/v3/bulk";

/**
 * Opens a folder for uploads of a section.
 *
 * @param extra Lines that are added to the section.
 * @param env Variables of the environment of the agent.
 */
export function openUploads(
  server: Pick<ChangingServer, "section" | "options" | "keyField" | "versionField">,
  extra: string,
  env: Readonly<Record<string, string>> = {},
): Uploads {
  const { section, options, keyField, versionField } = server;
  const space = workspace();
  let onRequest: ((request: Recorded) => Promise<void>) | undefined;
  const open = () =>
    record({
      async answer(request) {
        await onRequest?.(request);
        return isBulk(request) ? uploads.refuse : undefined;
      },
    });
  let instance = open();
  const configure = () => {
    const text = `[${section}]\nenable = True\n${options}\n${uploads.extra}\n`;
    space.write("config.ini", oomnitzaSection(instance) + text);
  };
  const uploads: Uploads = {
    extra,
    refuse: undefined,
    async upload(...words) {
      configure();
      const before = instance.uploads().length;
      const run = await space.agent(["upload", section, ...words], {
        timeoutMs: 120_000,
        env,
      });
      const records = instance.uploads().slice(before).filter(isBulk)
        .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
      const arrived = new Map(
        records.map((one) => [String(one[keyField]), String(one[versionField])]),
      );
      return { ...run, arrived };
    },
    async plan(...words) {
      configure();
      return await space.agent(["plan", section, ...words], { timeoutMs: 120_000, env });
    },
    async kill(when) {
      configure();
      const arrived = Promise.withResolvers<"arrived">();
      const never = new Promise<void>(() => {});
      onRequest = (request) => {
        if (!when(request)) return Promise.resolve();
        arrived.resolve("arrived");
        return never;
      };
      const child = await space.start(["upload", section], { env, ownProcess: true });
      const first = await Promise.race([arrived.promise, child.ended]);
      onRequest = undefined;
      if (first !== "arrived") throw new Error(`The upload ended with ${first}: ${child.stderr()}`);
      await child.kill();
    },
    remembered() {
      if (!space.has("agent-state.sqlite")) return {};
      using database = new Database(join(space.folder, "agent-state.sqlite"), { readonly: true });
      const statement = "SELECT key, value FROM cursors WHERE section = ? ORDER BY key";
      const rows = database.query<{ key: string; value: string }, [string]>(statement).all(section);
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
    async move() {
      await instance.stop();
      instance = open();
    },
    async [Symbol.asyncDispose]() {
      await instance.stop();
      space[Symbol.dispose]();
    },
  };
  return uploads;
}

const changes = "mode = changes";
const hour = 3_600_000;

/** A sequence that is the same each time. */
function openRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
}

/** Defines the tests for one source. */
export function changesConformance(subject: ChangesSubject): void {
  describe(`${subject.name} reads only changes`, () => {
    choiceTests(subject);
    acceptanceTests(subject);
    killTests(subject);
    goneTests(subject);
    guardTests(subject);
    costTests(subject);
    interleavingTests(subject);
  });
}

function choiceTests({ start, many, what }: ChangesSubject): void {
  test("all at first, then what changed, and it is said which", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, changes);
    const first = await uploads.upload();
    expect(first.code).toBe(0);
    expect(first.arrived).toEqual(server.versions());
    expect(first.stderr).toContain(`all ${what} are read`);
    server.advance(hour);
    const [one = "", , two = ""] = server.versions().keys();
    server.change(one);
    server.change(two);
    server.advance(hour);
    const second = await uploads.upload();
    expect(second.code).toBe(0);
    expect([...second.arrived.keys()].sort()).toEqual([one, two].sort());
    expect(second.stderr).toContain("Only changes were read");
    server.advance(hour);
    const third = await uploads.upload();
    expect([third.code, third.arrived.size]).toEqual([0, 0]);
  });
  test("unless it is set, all are read each time", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, "");
    await uploads.upload();
    server.advance(hour);
    expect((await uploads.upload()).arrived.size).toBe(many);
  });
  test("all are read for another instance, and where other records are written", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, changes);
    await uploads.upload();
    server.advance(hour);
    await uploads.move();
    expect((await uploads.upload()).arrived.size).toBe(many);
    server.advance(hour);
    uploads.extra = `${changes}\nupdate_only = True`;
    expect((await uploads.upload()).arrived.size).toBe(many);
    server.advance(hour);
    expect((await uploads.upload()).arrived.size).toBe(0);
  });
  test("all are read again after full_every, and when another field is mapped", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, changes);
    await uploads.upload();
    server.advance(hour);
    uploads.extra = `${changes}\nfull_every = 0s`;
    expect((await uploads.upload()).arrived.size).toBe(many);
    server.advance(hour);
    uploads.extra = `${changes}\nmapping.NOTES = {"source": "another.field"}`;
    expect((await uploads.upload()).arrived.size).toBe(many);
    server.advance(hour);
    expect((await uploads.upload()).arrived.size).toBe(0);
  });
  test("all are read with --full, and changes after that", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, `${changes}\nonly_changed = True`);
    await uploads.upload();
    server.advance(hour);
    const [gone = "", one = ""] = server.versions().keys();
    server.remove(gone);
    server.advance(hour);
    expect((await uploads.plan("--full")).stderr).toContain("asked for with --full");
    const full = await uploads.upload("--full", "--output", "json");
    expect(full.arrived.size).toBe(many - 1);
    expect(full.stderr).toContain(`asked for with --full: all ${what} are read`);
    expect(JSON.parse(full.stdout).sections[0].changes.gone).toBe(1);
    server.advance(hour);
    server.change(one);
    server.advance(hour);
    expect([...(await uploads.upload()).arrived.keys()]).toEqual([one]);
  });
}

function acceptanceTests({ start, many }: ChangesSubject): void {
  test("what was not accepted is read again, whether all was read or changes", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, changes);
    const refusal = { status: 400, body: "no" };
    uploads.refuse = refusal;
    expect((await uploads.upload()).code).toBe(3);
    uploads.refuse = undefined;
    expect((await uploads.upload()).arrived.size).toBe(many);
    server.advance(hour);
    const [one = ""] = server.versions().keys();
    server.change(one);
    server.advance(hour);
    uploads.refuse = refusal;
    expect((await uploads.upload()).code).toBe(3);
    server.advance(hour);
    uploads.refuse = undefined;
    expect([...(await uploads.upload()).arrived.keys()]).toEqual([one]);
  });
  test("an upload of some records moves nothing", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, changes);
    await uploads.upload("--record-count", "1");
    expect((await uploads.upload()).arrived.size).toBe(many);
  });
}

const isEnd = ({ path }: Recorded) => path.startsWith("/api/v3/bulk/");

function killTests({ start, many }: ChangesSubject): void {
  slow("an upload that is killed moves nothing, whether all was read or changes", async () => {
    // Before what was read is accepted, and before the upload is declared complete.
    for (const when of [isBulk, isEnd]) {
      await using server = await start(many);
      await using uploads = openUploads(server, changes);
      await uploads.kill(when);
      expect(uploads.remembered()).toEqual({});
      expect((await uploads.upload()).arrived).toEqual(server.versions());
      const before = uploads.remembered();
      server.advance(hour);
      const [one = ""] = server.versions().keys();
      server.change(one);
      server.advance(hour);
      await uploads.kill(when);
      expect(uploads.remembered()).toEqual(before);
      const next = await uploads.upload("--output", "json");
      // What was left in the outbox goes first; it is read again all the same.
      expect(JSON.parse(next.stdout).sections[0].counts.fetched).toBe(1);
      expect(next.arrived.get(one)).toBe(server.versions().get(one) ?? "");
      expect(uploads.remembered()).not.toEqual(before);
      server.advance(hour);
      expect((await uploads.upload()).arrived.size).toBe(0);
    }
  }, 120_000);
}

function goneTests({ start, many }: ChangesSubject): void {
  test("what was removed is gone after an upload of all, not after one of changes", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, `${changes}\nonly_changed = True`);
    await uploads.upload();
    server.advance(hour);
    const [one = ""] = server.versions().keys();
    server.remove(one);
    for (const [every, gone] of [["1h", null], ["0s", 1]] as const) {
      uploads.extra = `${changes}\nonly_changed = True\nfull_every = ${every}`;
      const { stdout } = await uploads.upload("--output", "json");
      expect(JSON.parse(stdout).sections[0].changes.gone).toBe(gone);
    }
  });
}

function guardTests({ start, many }: ChangesSubject): void {
  test("the guard counts changes as a share of all, and what it held is read again", async () => {
    await using server = await start(many);
    await using uploads = openUploads(server, `${changes}\nguard = 50%`);
    await uploads.upload();
    server.advance(hour);
    const change = (share: number) => {
      const keys = [...server.versions().keys()].slice(0, Math.floor(many * share));
      for (const key of keys) server.change(key);
      server.advance(hour);
      return keys.length;
    };
    const few = change(0.4);
    const passed = await uploads.upload();
    expect([passed.code, passed.arrived.size]).toEqual([0, few]);
    const most = change(0.6);
    const held = await uploads.upload();
    expect([held.code, held.arrived.size]).toEqual([exitCodes.guarded, 0]);
    expect((await uploads.upload("--accept")).arrived.size).toBe(most);
  });
}

function costTests({ start, plenty }: ChangesSubject): void {
  if (plenty === undefined) return;
  test("a change of each thousand takes at most 1 % of the requests", async () => {
    await using server = await start(plenty);
    await using uploads = openUploads(server, changes);
    expect((await uploads.upload()).arrived.size).toBe(plenty);
    const full = server.requests();
    server.advance(hour);
    const chosen = [...server.versions().keys()].filter((_, index) => index % 1000 === 500);
    for (const key of chosen) server.change(key);
    server.advance(hour);
    const { arrived } = await uploads.upload();
    expect([...arrived.keys()].sort()).toEqual(chosen.sort());
    expect((server.requests() - full) * 100).toBeLessThanOrEqual(full);
  });
}

function interleavingTests({ start, many }: ChangesSubject): void {
  slow("a change that is made while it is read is never lost", async () => {
    for (let round = 1; round <= 8; round++) {
      const random = openRandom(20_261_128 + round);
      let isQuiet = false;
      const disturb = (server: ChangingServer) => {
        if (isQuiet) return;
        server.advance(random(3) * 500);
        for (let left = random(4); left > 0; left--) {
          const keys = [...server.versions().keys()];
          if (random(8) === 0) server.add();
          else server.change(keys[random(keys.length)] ?? "");
        }
      };
      await using server = await start(many, disturb);
      await using uploads = openUploads(server, changes);
      const known = new Map<string, string>();
      for (let run = 0; run < 7; run++) {
        isQuiet = run === 6;
        // Some vendors leave out what was changed just now.
        if (isQuiet) server.advance(hour);
        const { arrived, code, stderr } = await uploads.upload();
        if (code !== 0) throw new Error(stderr);
        for (const [key, version] of arrived) known.set(key, version);
        server.advance(10_000 + random(100) * 1000);
        disturb(server);
      }
      expect(known).toEqual(new Map(server.versions()));
    }
  }, 120_000);
}
