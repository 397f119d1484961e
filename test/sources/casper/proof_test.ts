/**
 * `api = auto`: the Jamf Pro API once a comparison has proved, on this server and for the mapped fields, that
 * it gives what the Classic API gives.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { exitCodes } from "../../../src/cli/command.ts";
import { record, type Recorder } from "../../support/recorder.ts";
import { listen } from "../../support/serve.ts";
import { slow } from "../../support/slow.ts";
import type { Vendor, VendorCall } from "../../support/vendor.ts";
import { oomnitzaSection, type Workspace, workspace } from "../../support/workspace.ts";
import { eventBody } from "./events.ts";
import { asClient, asUser, start } from "./section.ts";
import type { JamfOptions } from "./server.ts";

/** A folder in which commands run one after the other, with what they remember. */
interface Place extends AsyncDisposable {
  readonly space: Workspace;
  readonly vendor: Vendor;
  readonly instance: Recorder;
  /** What is known of the section from now on. */
  configure(extra: string, login?: string): void;
  /** Runs a command; gives also which APIs were asked meanwhile. */
  run(...words: string[]): Promise<
    { code: number; stdout: string; stderr: string; asked: readonly Asked[] }
  >;
}

/** Which API a request is for. */
type Asked = "classic" | "pro";

interface PlaceOptions {
  readonly jamf?: Partial<JamfOptions>;
  readonly extra?: string;
  readonly section?: "casper" | "casper.MDM";
  readonly mappings?: Readonly<Record<string, unknown>>;
  /** Goes before the section. */
  readonly before?: string;
}

/** Which APIs were asked for devices, in order, each named once in a row. */
function apisOf(calls: readonly VendorCall[]): Asked[] {
  const asked = calls.flatMap(({ path }): Asked[] => {
    if (path.includes("/JSSResource/")) return ["classic"];
    return /\/(computers-inventory|mobile-devices)/.test(path) ? ["pro"] : [];
  });
  return asked.filter((one, index) => one !== asked[index - 1]);
}

function open(options: PlaceOptions = {}): Place {
  const { jamf = {}, section = "casper", mappings, before = "" } = options;
  const { vendor } = start({ count: 5, ...jamf });
  const instance = record({ ...(mappings === undefined ? {} : { mappings }) });
  const space = workspace();
  const sync = section === "casper" ? "" : "sync_type = mobiledevices\n";
  function configure(extra: string, login = asUser): void {
    const common = `url = ${vendor.url}/jss/\nsync_field = SERIAL\n` +
      "mapping.SERIAL = general.serial_number\n";
    space.write(
      "config.ini",
      `${
        oomnitzaSection(instance)
      }${before}[${section}]\nenable = True\n${login}${common}${sync}${extra}`,
    );
  }
  configure(options.extra ?? "");
  return {
    space,
    vendor,
    instance,
    configure,
    async run(...words) {
      const before = vendor.calls.length;
      const { code, stdout, stderr } = await space.agent(words);
      return { code, stdout, stderr, asked: apisOf(vendor.calls.slice(before)) };
    },
    async [Symbol.asyncDispose]() {
      await vendor.stop();
      await instance.stop();
      space[Symbol.dispose]();
    },
  };
}

const prove = ["check", "casper", "--compare-apis"];
const proved = /Read by the Jamf Pro API, proved on \d{4}-\d\d-\d\d for the mapped fields$/m;
const advice = "To prove that the Jamf Pro API gives the same, run agent check casper";

test("it reads by the Classic API until a comparison has proved the other one, and says so", async () => {
  await using place = open();
  const first = await place.run("upload", "casper");
  expect(first.asked).toEqual(["classic"]);
  expect(first.stderr).toContain(`Read by the Classic API: not compared yet. ${advice}`);
  const compared = await place.run(...prove);
  expect(compared.code).toBe(0);
  expect(compared.stdout).toContain("The section is read by the Jamf Pro API from now on.");
  const second = await place.run("upload", "casper");
  expect([second.code, second.asked]).toEqual([0, ["pro"]]);
  expect(second.stderr).toMatch(proved);
  expect(second.stderr.match(/Read by/g)).toHaveLength(1);
  expect(place.instance.uploads().length).toBeGreaterThan(0);
});

test("whatever reads the section reads it by the API that was proved", async () => {
  await using place = open();
  const commands = [
    [exitCodes.pending, "plan", "casper"],
    [exitCodes.ok, "check", "casper"],
    [exitCodes.ok, "explain", "casper", "--record", "SN2"],
    [exitCodes.ok, "discover", "casper"],
    [exitCodes.ok, "upload", "casper", "--testmode"],
  ] as const;
  for (const api of ["classic", "pro"] as const) {
    for (const [expected, ...words] of commands) {
      const { asked, code } = await place.run(...words);
      expect([words[0], code, asked]).toEqual([words[0], expected, [api]]);
    }
    await place.run(...prove);
  }
});

test("what is chosen explicitly stays, whatever was proved", async () => {
  await using place = open({ extra: "api = classic\n" });
  expect((await place.run(...prove)).stdout).toContain("Set api = pro.");
  const classic = await place.run("upload", "casper");
  expect(classic.asked).toEqual(["classic"]);
  expect(classic.stderr).not.toContain("Read by");
  place.configure("api = pro\n");
  expect((await place.run(...prove)).stdout).toContain("; 6 requests become 1.\n");
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
  // The comparisons were the same, so that auto may rely on them.
  place.configure("api = auto\n");
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
});

test("a changed mapping, filter, option or account makes it Classic again, until it is proved", async () => {
  await using place = open({ jamf: { groups: { Lab: [1, 2] } } });
  await place.run(...prove);
  const mapping = "the mapping, a converter or the filter was changed since the comparison of";
  const option = "the address, the account or another option was changed since the comparison of";
  const changes = [
    ["mapping.NAME = general.name\n", asUser, mapping],
    ['mapping.NAME = {"hardcoded": "x"}\n', asUser, mapping],
    ["send_placeholder_serials = True\n", asUser, mapping],
    ["group_name = Lab\n", asUser, option],
    ["", asClient, option],
  ] as const;
  for (const [extra, login, reason] of changes) {
    place.configure(extra, login);
    const { asked, stderr } = await place.run("upload", "casper");
    expect([extra, asked]).toEqual([extra, ["classic"]]);
    expect(stderr).toContain(`Read by the Classic API: ${reason}`);
    expect(stderr).toContain(advice);
  }
  // What does not decide what is read changes nothing, nor does what was changed back.
  for (const extra of ["", "update_only = True\nbatch_size = 5\n"]) {
    place.configure(extra);
    expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
  }
  place.configure("mapping.NAME = general.name\n");
  await place.run(...prove);
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
});

test("another server proves nothing of this one", async () => {
  await using place = open();
  await place.run(...prove);
  const other = start({ count: 2 });
  await using vendor = other.vendor;
  const text = place.space.read("config.ini").replace(place.vendor.url, vendor.url);
  place.space.write("config.ini", text);
  await place.run("upload", "casper");
  expect(apisOf(vendor.calls)).toEqual(["classic"]);
});

test("a mapping that was changed in Oomnitza makes it Classic again", async () => {
  const mappings: Record<string, unknown> = {};
  await using place = open({ mappings, extra: "use_server_map = True\n" });
  await place.run(...prove);
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
  mappings.Casper = { "general.name": "NAME" };
  const { asked, stderr } = await place.run("upload", "casper");
  expect(asked).toEqual(["classic"]);
  expect(stderr).toContain("the mapping, a converter or the filter was changed");
});

slow("a changed converter or filter makes it Classic again", async () => {
  const converter = (text: string) => `[converters]\nshout:\n    return value + "${text}"\n`;
  const filter = "recordfilter:\n    return record['general']['id'] > 0\n";
  const called = 'mapping.NAME = {"source": "general.name", "converter": "shout"}\n';
  await using place = open({ before: converter("!"), extra: called });
  await place.run(...prove);
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
  const text = place.space.read("config.ini");
  for (const changed of [text.replace(converter("!"), converter("?")), text + filter]) {
    place.space.write("config.ini", changed);
    expect((await place.run("upload", "casper")).asked).toEqual(["classic"]);
  }
  place.space.write("config.ini", text);
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
});

test("a difference proves nothing, and takes back what was proved before", async () => {
  const differing = "mapping.SEEN = general.report_date_epoch\n";
  await using place = open({ extra: differing });
  for (const before of [[], ["mapping.NAME = general.name\n"]]) {
    for (const extra of before) {
      place.configure(extra);
      await place.run(...prove);
      expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
      place.configure(differing);
    }
    const compared = await place.run(...prove);
    expect(compared.code).toBe(3);
    const { asked, stderr } = await place.run("upload", "casper");
    expect(asked).toEqual(["classic"]);
    expect(stderr).toMatch(/Read by the Classic API: the comparison of .* found differences/);
  }
  place.configure("mapping.NAME = general.name\n");
  expect((await place.run("upload", "casper")).asked).toEqual(["classic"]);
});

slow("what could not be compared, and what would not be sent, proves nothing", async () => {
  await using broken = open({ jamf: { broken: [2] } });
  const compared = await broken.run(...prove);
  expect(compared.stdout).toContain(
    "It proves nothing, since 1 record was not compared: compare again, or set api = pro.",
  );
  expect((await broken.run("upload", "casper")).asked).toEqual(["classic"]);
  await using nothing = open({ extra: 'mapping.BARCODE = {"source": "x.y", "required": true}\n' });
  const unsent = await nothing.run(...prove);
  expect(unsent.code).toBe(3);
  expect(unsent.stdout).toContain("5 of 5 records compared, of which none would be sent");
  expect((await nothing.run("upload", "casper")).asked).toEqual(["classic"]);
  await using empty = open({ jamf: { count: 0 } });
  expect((await empty.run(...prove)).stdout).toContain("no record could be compared");
  expect((await empty.run("upload", "casper")).asked).toEqual(["classic"]);
});

slow("a comparison that was killed proves nothing, and takes nothing back", async () => {
  await using place = open();
  const killed = async () => {
    // The last device never answers.
    place.vendor.fail({ on: ({ path }) => path.endsWith("/computers-inventory/5"), times: 1 });
    const before = place.vendor.calls.length;
    const agent = await place.space.start(prove, { ownProcess: true });
    const isAsked = () =>
      place.vendor.calls.slice(before).some(({ path }) => path.endsWith("-inventory/5"));
    while (!isAsked()) await Bun.sleep(5);
    await agent.kill();
  };
  await killed();
  expect((await place.run("upload", "casper")).asked).toEqual(["classic"]);
  await place.run(...prove);
  await killed();
  expect((await place.run("upload", "casper")).asked).toEqual(["pro"]);
}, 180_000);

test("the end of the Classic API is told of sections only that use it", async () => {
  await using place = open();
  const told = async () => {
    const { stdout } = await place.run("doctor", "--offline", "--output", "json");
    const checks: readonly { area: string; found: string }[] = JSON.parse(stdout).checks;
    return checks.filter(({ area }) => area === "deadline").map(({ found }) => found);
  };
  expect(await told()).toEqual([
    expect.stringContaining("deprecated the Classic API for computers"),
  ]);
  await place.run(...prove);
  expect(await told()).toEqual([]);
  place.configure("mapping.NAME = general.name\n");
  expect(await told()).toHaveLength(1);
  place.configure("api = classic\n");
  expect(await told()).toHaveLength(1);
  place.configure("api = pro\n");
  expect(await told()).toEqual([]);
});

test("where the Classic API is gone, that is said instead", async () => {
  await using place = open({ jamf: { era: "pro" } });
  const { stderr, code } = await place.run("upload", "casper");
  expect(code).toBe(0);
  expect(stderr).toContain("Read by the Jamf Pro API: the Classic API is gone here");
  expect(stderr).not.toContain("--compare-apis");
});

test("mobile devices are read by the page once that is proved", async () => {
  await using place = open({ section: "casper.MDM" });
  expect((await place.run("upload", "casper.MDM")).asked).toEqual(["classic"]);
  await place.run("check", "casper.MDM", "--compare-apis");
  const { asked, stderr } = await place.run("upload", "casper.MDM");
  expect(asked).toEqual(["pro"]);
  expect(stderr).toMatch(proved);
});

/** Which APIs two webhooks ask, one after the other, and what is logged of it. */
async function ring(place: Place, section: string, event: string) {
  await using agent = await listen(place.space);
  const before = place.vendor.calls.length;
  const delivered = () =>
    place.instance.uploads().filter(({ path }) => path === "/api/v3/bulk").length;
  for (const id of [3, 4]) {
    const sent = delivered();
    await agent.post(`/${section}`, eventBody(event, id));
    await agent.until("the upload", () => delivered() > sent);
  }
  await agent.stop();
  return { asked: apisOf(place.vendor.calls.slice(before)), log: agent.log() };
}

test("webhooks of computers fetch by the API that was proved", async () => {
  const extra = "[serve]\ncoalesce_seconds = 0\n";
  await using place = open({ before: extra });
  const first = await ring(place, "casper", "ComputerAdded");
  expect(first.asked).toEqual(["classic"]);
  // Runs for webhooks are many: only the first one says it.
  expect(first.log.match(/Read by the Classic API: not compared yet/g)).toHaveLength(1);
  await place.run(...prove);
  const second = await ring(place, "casper", "ComputerAdded");
  expect(second.asked).toEqual(["pro"]);
  expect(second.log).toMatch(proved);
});

test("webhooks of mobile devices fetch by the page too, where the server has pages", async () => {
  const before = "[serve]\ncoalesce_seconds = 0\n";
  const section = "casper.MDM";
  for (const devicePages of [true, false]) {
    await using place = open({ before, section, extra: "api = pro\n", jamf: { devicePages } });
    const { asked } = await ring(place, section, "MobileDeviceEnrolled");
    expect(asked).toEqual(devicePages ? ["pro"] : ["pro", "classic", "pro", "classic"]);
    expect(place.vendor.unexpected).toEqual([]);
  }
});

test("webhooks of mobile devices fetch by the page once that is proved", async () => {
  const section = "casper.MDM";
  await using place = open({ before: "[serve]\ncoalesce_seconds = 0\n", section });
  expect((await ring(place, section, "MobileDeviceEnrolled")).asked).toEqual(["classic"]);
  await place.run("check", section, "--compare-apis");
  expect((await ring(place, section, "MobileDeviceEnrolled")).asked).toEqual(["pro"]);
});
