/**
 * Client of Apple's device assignment service: the list of devices and their details.
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
} from "../../sdk/mod.ts";
import { type Access, chooseHint } from "./access.ts";

type Context = SourceContext<Access>;

const account = z.looseObject({ server_name: z.string() })
  .or(z.looseObject({ org_name: z.string() }));
const devices = z.object({
  devices: z.array(z.looseObject({ serial_number: z.string() })),
  cursor: z.string().nullish(),
  more_to_follow: z.boolean().optional(),
});
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

/** The pages of the list, each device once. */
async function* listPages({ http, options }: Context): AsyncGenerator<readonly SourceRecord[]> {
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
    yield fresh;
  }
}

/** The details of some devices by serial number in capitals. */
async function loadDetails(
  { http }: Context,
  serials: readonly string[],
): Promise<z.infer<typeof details>["devices"]> {
  const body = JSON.stringify({ devices: serials });
  const request = { method: "POST", path: "/devices", body } as const;
  return (await http.json({ ...request, what: "device details", hints: chooseHint }, details))
    .devices;
}

/** All devices that are this server's, with their details where those are wanted. */
export async function* readDevices(context: Context): AsyncGenerator<SourceRecord | Skipped> {
  let foreign = 0;
  for await (const page of listPages(context)) {
    if (!context.options.details) {
      yield* page.map((device) => ({ ...device, response_status: "SUCCESS" }));
      continue;
    }
    const serials = page.map(({ serial_number }) => String(serial_number).toUpperCase());
    const found = serials.length === 0 ? {} : await loadDetails(context, serials);
    for (const serial of serials) {
      const device = found[serial];
      if (device?.response_status === "SUCCESS") yield device;
      else if (device?.response_status === "NOT_ACCESSIBLE") foreign++;
      else yield new Skipped(`device ${serial}`, describeStatus(device?.response_status));
    }
  }
  if (foreign === 0) return;
  context.log.info(
    `Skipped because they are no longer assigned to this server: ${foreign} devices`,
  );
}

function describeStatus(status: string | undefined): string {
  return status === undefined ? "Apple gave no details of it" : `Apple answered ${status} for it`;
}
