/**
 * All that a source or a converter may use.
 *
 * @module
 */

export * from "../base/errors.ts";
export type { Log } from "../logging/log.ts";
export * from "../base/record.ts";
export * from "./http/auth.ts";
export * from "./converter.ts";
export * from "./csv/csv.ts";
export * from "./dates.ts";
export type { Limits } from "./http/rate_limiter.ts";
export * from "./http/http.ts";
export * from "./ldap/ldap.ts";
export * from "./http/oauth1.ts";
export * from "./option.ts";
export * from "./python_text.ts";
export { retryPolicies } from "./http/retry.ts";
export * from "./http/paging.ts";
export * from "./field_options.ts";
export * from "./serial_numbers.ts";
export * from "./soap/soap.ts";
export * from "./soap/wsdl.ts";
export * from "./source.ts";
export * from "./sql/sql.ts";
export * from "./text_file.ts";
export * from "./http/token.ts";
export * from "./http/vendor.ts";
export * from "./xml.ts";
