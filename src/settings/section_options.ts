/**
 * The options of the product that every section of the ini understands: secrets, guard, delivery, limits.
 *
 * @module
 */

import { writeModeOptions } from "../sdk/field_options.ts";
import { onErrorChoices } from "../sdk/converter.ts";
import { opt, optional } from "../sdk/option.ts";
import { scheduleOptions } from "./schedule.ts";

/** Where secrets come from when they are not in the ini; valid in every section. */
export const secretOptions = {
  env_password: opt.text("Name of an environment variable that holds the password.", {
    default: "",
    advanced: true,
  }),
  vault_keys: opt.text("Options whose values are read from a secret store, separated by spaces.", {
    default: "",
    advanced: true,
  }),
  vault_backend: opt.choice("Secret store that vault_keys reads from.", [
    "keyring",
    "vault",
    "cyberark",
  ], {
    default: "keyring",
    advanced: true,
  }),
  vault_alias: opt.text("Name of this section in the secret store.", {
    default: "",
    advanced: true,
  }),
} as const;

/** When an upload stops before it begins; valid in every section and, for all of them, in `[oomnitza]`. */
export const guardOptions = {
  guard: optional(opt.share(
    "Stop before anything is sent when more than this share of the records would change, lose the value of a field, or are gone from the source. off disables the guard.",
    { example: "20%", advanced: true },
  )),
  guard_count: optional(opt.integer(
    "The same limit as a number of records. With both, whichever is reached first.",
    { example: "500", advanced: true },
  )),
} as const;

/** How user code is read; valid in every section and, for all of them, in `[oomnitza]`. */
export const codeOptions = {
  python: optional(opt.choice(
    "Version of Python whose results count where code does not show its own and the versions differ: 7 / 2, round(), texts of floats. For converters it stands in [converters].",
    ["2", "3"],
    { advanced: true },
  )),
} as const;

/** Valid in every section that reads from a source, beside {@linkcode tlsOptions} and {@linkcode secretOptions}. */
export const deliveryOptions = {
  use_server_map: opt.flag("Whether the field mappings kept in Oomnitza are used.", {
    default: true,
    advanced: true,
  }),
  ...writeModeOptions,
  only_if_filled: optional(opt.text(
    "Fields that Oomnitza updates only when the new value is not empty. Assets over API v2 only; passed on unchanged.",
    { advanced: true },
  )),
  dont_overwrite: optional(opt.text(
    "Fields that Oomnitza does not overwrite when they are already set. Assets over API v2 only; passed on unchanged.",
    { advanced: true },
  )),
  ...scheduleOptions,
  after: opt.text(
    "Sections that this one comes after, separated by commas: when they run or wait at the same time, it begins once they have ended, however they went.",
    { default: "", example: "ldap", advanced: true },
  ),
  keep_if_empty: opt.text(
    "Fields that are omitted from a record when they are empty, so that Oomnitza keeps its value; separated by commas. * means all.",
    { default: "", example: "ASSIGNED_TO, LOCATION", advanced: true },
  ),
  volatile: opt.text(
    "Fields that are never alone a reason to send a record, separated by commas: only_changed leaves out a record in which nothing else differs, and plan, drift and the guard count it as unchanged.",
    { default: "", example: "LAST_SEEN, IP_ADDRESS", advanced: true },
  ),
  on_error: opt.choice(
    "How a value is handled that its converter cannot convert, for mappings that do not say it themselves: null sends what the converter gives, mostly null; keep leaves the field out, so that Oomnitza keeps what it has; skip does not send the record; fail ends the section.",
    onErrorChoices,
    { default: "null", advanced: true },
  ),
  send_placeholder_serials: opt.flag(
    'Whether what manufacturers write instead of a serial number ("To be filled by O.E.M.", "Default string", "None") is sent. Without, such a device counts as incomplete when its serial number is the sync field, and its SERIAL_NUMBER is empty.',
    { default: false, advanced: true },
  ),
  only_changed: opt.flag(
    "Only send records that changed since Oomnitza last accepted them. --full sends all.",
    { default: false, advanced: true },
  ),
  remember: opt.flag(
    "Whether the state file keeps the records that Oomnitza accepted: agent plan, only_changed and the guard compare with them.",
    { default: true, advanced: true },
  ),
  ...guardOptions,
  ...codeOptions,
  recordfilter: opt.text(
    "Function body in JavaScript or Python that receives the source record as record and returns whether to send it.",
    { default: "", advanced: true },
  ),
  code_record_ms: opt.integer(
    "Milliseconds that the filter and the custom converters may take for one record.",
    {
      default: 100,
      minimum: 1,
      maximum: 60_000,
      advanced: true,
    },
  ),
  code_run_seconds: opt.integer(
    "Seconds that filter and custom converters may take in a whole run. 0 means no limit.",
    {
      default: 0,
      advanced: true,
    },
  ),
  code_memory_mb: opt.integer("Memory that filter and custom converters may use, in MB.", {
    default: 64,
    minimum: 32,
    maximum: 1024,
    advanced: true,
  }),
} as const;

/** Valid in every section that reads over HTTP: they take the place of what the source declares. */
export const limitOptions = {
  concurrency: opt.integer(
    "Maximum number of concurrent requests to the source. 0 means as many as its vendor advises, 5 for Jamf Pro; with more, the log has a warning. Sections of one account share it, and the lowest counts.",
    {
      default: 0,
      maximum: 256,
      advanced: true,
    },
  ),
  max_answer_mb: opt.integer(
    "Maximum size of one answer of the source in MB. Reading it takes several times as much memory.",
    { default: 64, minimum: 1, maximum: 1024, advanced: true },
  ),
  requests_per_minute: opt.integer(
    "Maximum number of requests to the source per minute, whatever its answers allow. 0 means as many as its vendor allows. Sections of one account share it, and the lowest counts.",
    {
      default: 0,
      advanced: true,
    },
  ),
} as const;
