/**
 * All that a source or a converter may use.
 *
 * @module
 */

export * from "../base/errors.ts";
export type { Log } from "../base/log.ts";
export * from "../base/record.ts";
export * from "./auth.ts";
export * from "./converter.ts";
export * from "./csv.ts";
export * from "./dates.ts";
export type { Limits } from "./governor.ts";
export * from "./http.ts";
export * from "./ldap.ts";
export * from "./oauth1.ts";
export * from "./option.ts";
export * from "./python_text.ts";
export * from "./paging.ts";
export * from "./section_options.ts";
export * from "./soap.ts";
export * from "./soap_wsdl.ts";
export * from "./source.ts";
export * from "./sql.ts";
export * from "./text_file.ts";
export * from "./token.ts";
export * from "./vendor.ts";
export * from "./xml.ts";
