/**
 * What requests to MobileIron need, Cloud and Core alike.
 *
 * @module
 */

import { z } from "zod";
import type { SourceContext } from "../../sdk/mod.ts";

/** The options that reading looks at. */
export interface Access {
  readonly partitions: string;
  readonly api_version: string;
  readonly include_checkin_devices_only: boolean;
  readonly last_checkin_date_threshold: number;
}

/** What both APIs need. */
export type Context = SourceContext<Access>;

/** Any JSON object. */
export const object = z.record(z.string(), z.unknown());
