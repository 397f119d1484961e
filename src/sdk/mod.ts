/**
 * Everything that a source or a converter may use, by name: what is not listed here is not theirs.
 *
 * @module
 */

// Declaring a source and its options.
export {
  defineSource,
  type Mappings,
  type Source,
  type SourceContext,
  type SourceItem,
  type VendorAccess,
  type Wanted,
  type WebhookCall,
  type WebhookHint,
} from "./source.ts";
export type { ApiComparison, ApiPair, ComparedRecord } from "./apis.ts";
export { durationMs, opt, optional } from "./option.ts";
export type { Deadline } from "./deadline.ts";
export { type GrantedAccess, readMoment } from "./granted_access.ts";
export { peopleOptions, syncField, writeModeOptions } from "./field_options.ts";

// Reading only what changed.
export {
  changesOptions,
  type ChangesValues,
  type ClaimTotal,
  overlapMs,
  readByMode,
  serverTime,
  type Unusable,
} from "./changes.ts";

// Declaring a converter.
export {
  type Converter,
  type ConverterContext,
  type ConverterParams,
  defineConverter,
} from "./converter.ts";

// Records and their values.
export { isEmpty, isObject, ownEntry, setOwn, Skipped, type SourceRecord } from "../base/record.ts";
export { readDate, readSpacedDate } from "./dates.ts";
export { splitWords, strippedField } from "./python_text.ts";

export { parseJson } from "../base/json.ts";

// Errors and the log.
export { AgentError, AuthError, messageOf, SourceError } from "../base/errors.ts";
export type { Log } from "../logging/log.ts";

// HTTP.
export type { Page } from "./http/vendor.ts";
export { retryPolicies } from "./http/retry.ts";
export type { Answer, Http } from "./http/http.ts";
export { type Authenticator, basicAuth, headerAuth, type Token, tokenAuth } from "./http/auth.ts";
export { expiresIn, requestToken } from "./http/token.ts";
export { oauth1Header } from "./http/oauth1.ts";
export { isInlineKey, loadSigningKey, parseSigningKey, type SigningKey } from "./oauth/jwt.ts";
export { type ClientAssertion, clientAssertionForm } from "./oauth/client_assertion.ts";
export { dpopAuth, dpopCredentials } from "./oauth/dpop.ts";
export { itemsOf, nextLink, pages, pathOfLink, readCountedList } from "./http/paging.ts";
export { isWebPage } from "./http/web_page.ts";

// Signatures with a certificate.
export { readSigner, signDetached, type Signer } from "./cms.ts";

// Serial numbers.
export { isPlaceholderSerial, isSerialName } from "./serial_numbers.ts";

// CSV files and other text files.
export { checkCsv, csvOptions, csvRule, readCsvFiles } from "./csv/csv.ts";
export { findMissingColumns } from "./csv/missing.ts";
export { readTextFile, readTextFileIfAny, replaceTextFile } from "./text_file.ts";

// LDAP directories.
export { checkLdap, ldapOptions, ldapRule, readLdap } from "./ldap/ldap.ts";
export { idAttributes } from "./ldap/values.ts";

// Sign-in of Windows accounts over HTTP.
export { windowsLogin } from "./http/windows_login.ts";

// Databases of Microsoft SQL Server.
export {
  connectSql,
  type SqlAddress,
  type SqlConnection,
  sqlEndpoint,
  sqlLogin,
  sqlOptions,
  sqlPages,
  type SqlRow,
  sqlRows,
  sqlRule,
  type SqlValues,
} from "./sql/sql.ts";

// SOAP and XML.
export { callSoap, type SoapAccess, type SoapFault } from "./soap/soap.ts";
export { loadService, type SoapService } from "./soap/wsdl.ts";
export { listChildren, type XmlElement } from "./xml.ts";
