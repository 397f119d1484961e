/**
 * Devices of Jamf Pro that report, check in and are edited, by a clock of the server's own, and the filters by
 * which they are found ("Filtering with RSQL").
 *
 * @module
 */

/** When something of a device happened, in milliseconds since the epoch. */
export interface DeviceTimes {
  readonly reported: number;
  readonly enrolled: number;
  readonly checkedIn: number;
}

interface Device extends DeviceTimes {
  /** How often it reported. */
  readonly version: number;
  readonly assetTag: string;
}

/** Devices that change. */
export class World {
  readonly #devices = new Map<number, Device>();
  #ahead = 0;
  /** Called while a page is answered, before or after the answer was made up. */
  onPage: () => void = () => {};

  constructor(count: number) {
    for (let id = 1; id <= count; id++) this.add();
    // They are old news when the first upload begins.
    this.advance(24 * 3_600_000);
  }

  get now(): number {
    return Date.now() + this.#ahead;
  }

  get ids(): number[] {
    return [...this.#devices.keys()];
  }

  advance(ms: number): void {
    this.#ahead += ms;
  }

  device(id: number): Device {
    const found = this.#devices.get(id);
    if (found === undefined) throw new Error(`no device ${id}`);
    return found;
  }

  /** A device enrolls, and reports for the first time. */
  add(): void {
    const { now } = this;
    const times = { reported: now, enrolled: now, checkedIn: now };
    this.#devices.set(Math.max(0, ...this.ids) + 1, { ...times, version: 1, assetTag: "" });
  }

  remove(id: number): void {
    this.#devices.delete(id);
  }

  /** A device reports another inventory. */
  report(id: number): void {
    const { now } = this;
    const { version, ...rest } = this.device(id);
    const next = { ...rest, reported: now, checkedIn: now, version: version + 1 };
    this.#devices.set(id, next);
  }

  checkIn(id: number): void {
    this.#devices.set(id, { ...this.device(id), checkedIn: this.now });
  }

  /** Somebody gives it an asset tag in Jamf Pro. */
  edit(id: number, assetTag: string): void {
    this.#devices.set(id, { ...this.device(id), assetTag });
  }
}

/** Something that a filter compares with a time: `general.reportDate>="2026-01-05T08:14:03.000Z"`. */
const comparison = /^([A-Za-z.]+)>="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"$/;

/**
 * Reads a filter of comparisons joined by `,`, which means or; nothing where it is not one.
 *
 * @param fields The fields that may be compared, each with its time.
 */
export function readFilter(
  filter: string,
  fields: Readonly<Record<string, keyof DeviceTimes>>,
): ((times: DeviceTimes) => boolean) | undefined {
  const parts = filter.split(",").map((text) => {
    const [, field = "", time = ""] = comparison.exec(text) ?? [];
    return {
      key: Object.hasOwn(fields, field) ? fields[field] : undefined,
      time: Date.parse(time),
    };
  });
  if (parts.some(({ key }) => key === undefined)) return undefined;
  return (times) => parts.some(({ key, time }) => key !== undefined && times[key] >= time);
}
