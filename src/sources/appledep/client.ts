/**
 * Client of Apple's device assignment service: the lists of devices and of their changes, and their details.
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type Page,
  pages,
  Skipped,
  type SourceContext,
  type SourceRecord,
  type Unusable,
} from "../../sdk/mod.ts";
import { type Access, chooseHint } from "./access.ts";

type Context = SourceContext<Access>;

const account = z.looseObject({ server_name: z.string() })
  .or(z.looseObject({ org_name: z.string() }));
const devices = z.object({
  devices: z.array(z.looseObject({ serial_number: z.string() })),
  cursor: z.string().nullish(),
  more_to_follow: z.boolean().optional(),
}).refine(
  ({ cursor, more_to_follow }) => more_to_follow !== true || (cursor ?? "") !== "",
  "there are more devices, but no cursor for them",
);
const details = z.object({
  devices: z.record(z.string(), z.looseObject({ response_status: z.string().optional() })),
});

/** Makes sure that Apple knows the server. */
export async function checkAccount({ http }: Context): Promise<void> {
  await http.json({ path: "/account", what: "the account", hints: chooseHint }, account);
}

/** A page of the list, and how often the list was begun anew before. */
interface ListPosition {
  readonly cursor: string | null;
  readonly restarts: number;
}

/** Whether an error only says that the cursor came to its end, or that the list is to begin anew. */
function isAboutCursor({ status, body }: Answer, { cursor, restarts }: ListPosition): boolean {
  if (status !== 400 || cursor === null) return false;
  return body.includes("EXHAUSTED_CURSOR") || (body.includes("INVALID_CURSOR") && restarts === 0);
}

/** A part of a list of devices, and the position after it. */
export interface DevicePage {
  readonly devices: readonly ListedDevice[];
  readonly cursor?: string | null | undefined;
}

type ListedDevice = SourceRecord & { readonly serial_number: string };

/** The pages of the list, each device once ("Get a List of Devices"). */
export async function* listDevices({ http, options }: Context): AsyncGenerator<DevicePage> {
  const load = (position: ListPosition) =>
    http.page({
      method: "POST",
      path: "/server/devices",
      body: JSON.stringify({ limit: options.page_size, cursor: position.cursor }),
      what: "devices",
      allow: (answer) => isAboutCursor(answer, position),
      hints: chooseHint,
    }, devices);
  const next = ({ body, text }: Page<z.infer<typeof devices>>, { restarts }: ListPosition) => {
    if (body === undefined) {
      return text.includes("INVALID_CURSOR") ? { cursor: null, restarts: 1 } : undefined;
    }
    const { cursor, more_to_follow } = body;
    return more_to_follow && cursor ? { cursor, restarts } : undefined;
  };
  const seen = new Set<string>();
  const first: ListPosition = { cursor: null, restarts: 0 };
  for await (const { body } of pages(first, load, next)) {
    const fresh = body?.devices.filter(({ serial_number }) => !seen.has(serial_number)) ?? [];
    for (const { serial_number } of fresh) seen.add(serial_number);
    yield { devices: fresh, cursor: body?.cursor };
  }
}

/** What Apple says of a position that it does not take, and what it means. */
const lostPositions = {
  EXPIRED_CURSOR: "Apple takes no position that is older than 7 days",
  EXHAUSTED_CURSOR: "Apple does not take the position any more (EXHAUSTED_CURSOR)",
  INVALID_CURSOR: "Apple does not know the position (INVALID_CURSOR)",
} as const;

function explainLostPosition(text: string): string | undefined {
  return Object.entries(lostPositions).find(([code]) => text.includes(code))?.[1];
}

/**
 * The pages of the list of changes after a position, with devices that came, changed or went, some of them more
 * than once ("Sync the List of Devices"). It ends with the reason where a position is not taken.
 */
export async function* listChanges(
  { http, options }: Context,
  position: string,
): AsyncGenerator<DevicePage | Unusable> {
  const load = (cursor: string) =>
    http.page({
      method: "POST",
      path: "/devices/sync",
      body: JSON.stringify({ limit: options.page_size, cursor }),
      what: "changed devices",
      allow: ({ status, body }) => status === 400 && explainLostPosition(body) !== undefined,
      hints: chooseHint,
    }, devices);
  const next = ({ body }: Page<z.infer<typeof devices>>) =>
    body?.more_to_follow && body.cursor ? body.cursor : undefined;
  for await (const { body, text } of pages(position, load, next)) {
    yield body ?? { unusable: explainLostPosition(text) ?? "Apple does not take the position" };
  }
}

/** Some devices by serial number in capitals, as they are now; nothing for one that is another server's. */
export async function* loadDetails(
  { http }: Context,
  serials: readonly string[],
): AsyncGenerator<SourceRecord | Skipped | undefined> {
  if (serials.length === 0) return;
  const body = JSON.stringify({ devices: serials });
  const request = { method: "POST", path: "/devices", body } as const;
  const found =
    (await http.json({ ...request, what: "device details", hints: chooseHint }, details)).devices;
  for (const serial of serials) {
    const device = found[serial];
    if (device?.response_status === "SUCCESS") yield device;
    else if (device?.response_status === "NOT_ACCESSIBLE") yield undefined;
    else yield new Skipped(`device ${serial}`, describeStatus(device?.response_status));
  }
}

function describeStatus(status: string | undefined): string {
  return status === undefined ? "Apple gave no details of it" : `Apple answered ${status} for it`;
}
