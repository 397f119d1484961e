/**
 * Sections side by side: who runs at once, who waits for whom, and what is reported of them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { type OktaOptions, startOkta, token } from "../sources/okta/server.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { barrier, type Vendor } from "../support/vendor.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { openFaces } from "../app/support/faces.ts";
import { rows, section as csvSection } from "./state_run.ts";

/** A section of Okta; those with one token and one server are of one account. */
function okta(name: string, vendor: Vendor, extra = ""): string {
  return `[okta.${name}]\nenable = True\nurl = ${vendor.url}\napi_token = ${token}\n` +
    `default_role = 25\ndefault_position = Employee\n${extra}\n`;
}

interface SpaceOptions {
  readonly oomnitza?: string;
  /** Lines of the sections, by name. */
  readonly sections: Readonly<Record<string, string>>;
  readonly vendor?: Partial<OktaOptions>;
}

/** A section with a vendor of its own for each name, and a stand-in. */
async function openSpace({ oomnitza = "", sections, vendor = {} }: SpaceOptions) {
  const standIn = await startStandIn();
  const space = workspace();
  const vendors = new Map(
    Object.keys(sections).map((name) => [name, startOkta({ active: 250, ...vendor })]),
  );
  const all = Object.entries(sections).map(([name, extra]) =>
    okta(name, vendors.get(name) as Vendor, extra)
  );
  space.write("config.ini", oomnitzaSection(standIn, oomnitza) + all.join(""));
  return {
    ...space,
    standIn,
    vendor: (name: string) => vendors.get(name) as Vendor,
    async [Symbol.asyncDispose]() {
      await Promise.all([...vendors.values()].map((one) => one.stop()));
      await standIn.stop();
      space[Symbol.dispose]();
    },
  };
}

/** When a vendor was asked first and last. */
function span(vendor: Vendor): { readonly first: number; readonly last: number } {
  const times = vendor.calls.map(({ at }) => at);
  return { first: Math.min(...times), last: Math.max(...times) };
}

function reported(run: { readonly stdout: string }) {
  return JSON.parse(run.stdout).sections as {
    section: string;
    outcome: string;
    counts: { sent: number };
    error: { message: string } | null;
  }[];
}

const json = ["--output", "json"];

test("--parallel runs sections of several vendors at once, and reports them in the order named", async () => {
  await using space = await openSpace({
    sections: { a: "", b: "", c: "" },
    vendor: { hold: barrier(3) },
  });
  const run = await space.agent([
    "upload",
    "okta.c",
    "okta.a",
    "okta.b",
    "--parallel",
    "3",
    ...json,
  ]);
  expect(run.code, run.stderr).toBe(0);
  expect(reported(run).map(({ section, counts }) => [section, counts.sent])).toEqual([
    ["okta.c", 250],
    ["okta.a", 250],
    ["okta.b", 250],
  ]);
  const runs = JSON.parse((await space.agent(["runs", ...json])).stdout);
  expect(runs.map(({ state }: { state: string }) => state)).toEqual(["ok", "ok", "ok"]);
});

test("without it they run one after the other, in the order named", async () => {
  await using space = await openSpace({ sections: { a: "", b: "" } });
  const run = await space.agent(["upload", "okta.b", "okta.a"]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(
    /^okta\.b: ok: 250 read.*\n( {2}.*\n)+okta\.a: ok: 250 read.*\n( {2}.*\n)+$/,
  );
  expect(span(space.vendor("a")).first).toBeGreaterThanOrEqual(span(space.vendor("b")).last);
});

test("parallel of [oomnitza] counts where no flag says otherwise, and for the GUI", async () => {
  const hold = barrier(2);
  await using space = await openSpace({
    oomnitza: "parallel = 2\n",
    sections: { a: "", b: "" },
    vendor: { hold },
  });
  const run = await space.agent(["upload", "okta.a", "okta.b"]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout.match(/: ok: /g)).toHaveLength(2);
  const alone = await space.agent(["upload", "okta.a", "okta.b", "--parallel", "1"]);
  expect(alone.code, alone.stderr).toBe(0);
  const wrong = await space.agent(["upload", "okta.a", "--parallel", "0"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--parallel is not a whole number from 1 to 64");
});

test("the run page of the GUI shows both sections at work, and how both went", async () => {
  const release = Promise.withResolvers<void>();
  await using space = await openSpace({
    oomnitza: "parallel = 2\n",
    sections: { a: "", b: "" },
    vendor: { hold: () => release.promise },
  });
  using faces = openFaces();
  faces.write("config.ini", space.read("config.ini"));
  expect(await faces.page("run")).toContain("of which up to 2 run side by side");
  await faces.submit("run", [["section", "okta.a"], ["section", "okta.b"]]);
  while (!/okta\.a runs .*okta\.b runs /.test(await faces.page("run"))) await Bun.sleep(5);
  release.resolve();
  await faces.uploaded();
  expect(await faces.page("run")).toMatch(
    /The upload succeeded.*okta\.a ok 250 250.*okta\.b ok 250 250/,
  );
});

test("after holds a section back until those that it names have ended", async () => {
  await using space = await openSpace({
    sections: { devices: "after = okta.people\n", people: "" },
  });
  const words = ["upload", "okta.devices", "okta.people", "--parallel", "4", ...json];
  const run = await space.agent(words);
  expect(run.code, run.stderr).toBe(0);
  expect(span(space.vendor("devices")).first).toBeGreaterThan(span(space.vendor("people")).last);
  const [devices, people] = reported(run) as unknown as { started: string; ended: string }[];
  expect(String(devices?.started) >= String(people?.ended)).toBe(true);
});

test("one that was waited for and failed is named, and the other runs all the same", async () => {
  await using space = await openSpace({
    sections: { people: "", devices: "after = okta.people\n" },
  });
  space.vendor("people").fail({
    on: () => true,
    times: 100,
    answer: () => new Response("no", { status: 404 }),
  });
  const run = await space.agent([
    "upload",
    "okta.people",
    "okta.devices",
    "--parallel",
    "2",
    ...json,
  ]);
  expect(run.code).toBe(3);
  expect(reported(run).map(({ outcome }) => outcome)).toEqual(["failed", "ok"]);
  expect(run.stderr).toContain(
    "[okta.devices] Runs although [okta.people], which it comes after, failed",
  );
});

test("names that are no sections, and sections that wait for each other, are errors of the file", async () => {
  using space = workspace();
  space.write("assets.csv", rows(1));
  const instance = { url: "http://127.0.0.1:9", token: "abcdefgh" };
  const write = (...afters: readonly string[]) =>
    space.write(
      "config.ini",
      oomnitzaSection(instance) + afters.map((after, index) =>
        csvSection.replace("[csv_assets]", `[csv_assets.${index}]\nafter = ${after}`)
      ).join("\n"),
    );
  write("csv_asset.1", "oomnitza");
  const unknown = await space.agent(["check", "--file-only"]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain(
    "config.ini:6 [csv_assets.0] after: names [csv_asset.1], which is no section of this file",
  );
  expect(unknown.stderr).toContain("Did you mean csv_assets.");
  expect(unknown.stderr).toContain("after: names [oomnitza]");
  write("csv_assets.1", "csv_assets.2", "csv_assets.0");
  const circle = await space.agent(["upload", "csv_assets.0"]);
  expect(circle.code).toBe(1);
  expect(circle.stderr).toContain(
    "after: makes the section wait for itself: csv_assets.0 after csv_assets.1 after csv_assets.2 after csv_assets.0",
  );
  write("csv_assets.0");
  expect((await space.agent(["upload", "csv_assets.0"])).stderr).toContain("wait for itself");
});

test("[DEFAULT] may name the section that all others come after", async () => {
  using space = workspace();
  space.write("assets.csv", rows(1));
  space.write(
    "config.ini",
    `[DEFAULT]\nafter = csv_assets\n${
      oomnitzaSection({ url: "http://127.0.0.1:9", token: "abcdefgh" })
    }${csvSection}${csvSection.replace("[csv_assets]", "[csv_assets.b]")}`,
  );
  const run = await space.agent(["check", "--file-only"]);
  expect(run.code, run.stderr + run.stdout).toBe(0);
});

slow("sections of one account share its limits, those of two do not", async () => {
  const standIn = await startStandIn();
  await using vendor = startOkta({ active: 600, hold: () => Bun.sleep(20) });
  using space = workspace();
  const one = "concurrency = 1\n";
  const shared = okta("a", vendor, one) + okta("b", vendor, one) + okta("c", vendor);
  space.write("config.ini", oomnitzaSection(standIn) + shared);
  const words = ["okta.a", "okta.b", "okta.c", "--parallel", "3"];
  const run = await space.agent(["upload", ...words]);
  expect(run.code, run.stderr).toBe(0);
  expect(vendor.mostAtOnce()).toBe(1);
  expect(vendor.calls).toHaveLength(9);
  // Two servers: both are asked at once, or the barrier would never open.
  const hold = barrier(2);
  await using left = startOkta({ active: 600, hold });
  await using right = startOkta({ active: 600, hold });
  space.write(
    "config.ini",
    oomnitzaSection(standIn) + okta("a", left, one) + okta("b", right, one),
  );
  expect((await space.agent(["upload", "okta.a", "okta.b", "--parallel", "2"])).code).toBe(0);
  await standIn.stop();
});

slow(
  "Ctrl-C ends all that run, begins nothing more, and the next run sends what was kept",
  async () => {
    const standIn = await startStandIn({ faults: { latencyMs: 100 } });
    using space = workspace();
    const names = ["csv_assets.a", "csv_assets.b", "csv_assets.c"];
    for (const name of names) space.write(`${name}.csv`, rows(2000, name));
    space.write(
      "config.ini",
      oomnitzaSection(standIn) +
        names.map((name) =>
          csvSection.replace("[csv_assets]", `[${name}]`).replace("assets.csv", `${name}.csv`)
        ).join(""),
    );
    const agent = await space.start(["upload", ...names, "--parallel", "2", ...json]);
    const count = (begin: string) =>
      standIn.state.records({ name: "CSV_assets" }).filter(({ key }) =>
        String(key).startsWith(begin)
      )
        .length;
    while (count(`${names[0]}`) === 0 || count(`${names[1]}`) === 0) await Bun.sleep(5);
    expect(await agent.stop()).toBe(3);
    const stopped = reported({ stdout: agent.stdout() });
    expect(stopped.map(({ section, outcome }) => [section, outcome])).toEqual([
      ["csv_assets.a", "failed"],
      ["csv_assets.b", "failed"],
    ]);
    expect(agent.stderr()).toContain("[csv_assets.c] Did not run, because the upload was stopped");
    standIn.setFaults({});
    const again = await space.agent(["upload", ...names, "--parallel", "3", ...json]);
    expect(again.code, again.stderr).toBe(0);
    const left = reported(again) as unknown as { backlog: { records: number; sent: number } }[];
    const kept = stopped as unknown as { counts: { kept: number } }[];
    expect(left.map(({ backlog }) => backlog.sent)).toEqual([
      kept[0]?.counts.kept as number,
      kept[1]?.counts.kept as number,
      0,
    ]);
    expect(standIn.state.records({ name: "CSV_assets" })).toHaveLength(6000);
    await standIn.stop();
  },
);

test("test mode shows one section after the other", async () => {
  await using space = await openSpace({ sections: { a: "", b: "" }, vendor: { active: 3 } });
  const run = await space.agent(["upload", "okta.a", "okta.b", "--parallel", "2", "--testmode"]);
  expect(run.code, run.stderr).toBe(0);
  expect(span(space.vendor("b")).first).toBeGreaterThanOrEqual(span(space.vendor("a")).last);
});

slow(
  "the schedule runs four at once, in the order of after, and --parallel 1 one after the other",
  async () => {
    const often = "schedule = every 20h\n";
    {
      await using space = await openSpace({
        sections: { a: often, b: often, c: often, d: often },
        vendor: { hold: barrier(4) },
      });
      await using service = await listen(space, ["--singleton", "1"]);
      const ended = () => service.log().match(/okta\.[abcd]: ok: 250 read/g)?.length === 4;
      await service.until("four runs", ended);
      expect(await service.stop()).toBe(0);
    }
    await using space = await openSpace({
      sections: { devices: `${often}after = okta.people\n`, people: often, more: often },
    });
    await using service = await listen(space, ["--parallel", "1"]);
    await service.until("three runs", () => service.log().match(/: ok: 250 read/g)?.length === 3);
    const [people, more, devices] = ["people", "more", "devices"].map((name) =>
      span(space.vendor(name))
    );
    expect(devices?.first).toBeGreaterThan(people?.last as number);
    expect(more?.first).toBeGreaterThan(people?.last as number);
    expect(await service.stop()).toBe(0);
  },
);

test("a service that is stopped begins none of the sections that wait", async () => {
  const release = Promise.withResolvers<void>();
  const often = "schedule = every 20h\n";
  await using space = await openSpace({
    sections: { a: often, b: often },
    vendor: { hold: () => release.promise },
  });
  await using service = await listen(space, ["--parallel", "1"]);
  await service.until("the first", () => space.vendor("a").calls.length === 1);
  const stopped = service.stop();
  release.resolve();
  expect(await stopped).toBe(0);
  expect(service.log()).toContain("okta.a: ok: 250 read");
  expect(space.vendor("b").calls).toEqual([]);
});
