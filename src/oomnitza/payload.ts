/**
 * What is posted to Oomnitza, in both of its upload protocols.
 *
 * @module
 */

import type { Kind, MappedRecord } from "../base/record.ts";

/** What every upload of one section says about itself. */
export interface Upload {
  /** The label under which Oomnitza knows the source. */
  readonly mappingName: string;
  readonly kind: Kind;
  /** Version of the program that uploads. */
  readonly version: string;
  /** Fields by which records are recognised. */
  readonly syncFields: readonly string[];
  /** Whether the ini names the sync field; people are recognised by `USER` otherwise. */
  readonly syncFieldNamed: boolean;
  readonly insertOnly: boolean;
  readonly updateOnly: boolean;
  /** Texts as the ini has them, for API v2, which takes them verbatim. */
  readonly texts: {
    readonly insertOnly: string;
    readonly updateOnly: string;
    readonly onlyIfFilled: string | null;
    readonly dontOverwrite: string | null;
  };
  /** Whether `default_position = unused`. */
  readonly normalPosition: boolean;
  /** Fields that API v2 insists on for people, and that are not mapped. */
  readonly missingForV2?: readonly string[] | undefined;
  /** Id of this upload on API v3, a UUID. */
  readonly portion: string;
}

/** One request to the upload API, before it is turned into text. */
export interface UploadRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

/** One record over API v2: `/api/v2/bulk/users` takes people, `/api/v2/bulk/audit` assets. */
export function requestV2(upload: Upload, record: MappedRecord): UploadRequest {
  if (upload.kind === "assets") {
    return {
      path: "/api/v2/bulk/audit",
      query: { VERSION: upload.version },
      payload: {
        agent_id: upload.mappingName,
        sync_field: upload.syncFields.join(","),
        computers: record,
        insert_only: upload.texts.insertOnly,
        update_only: upload.texts.updateOnly,
        only_if_filled: upload.texts.onlyIfFilled,
        dont_overwrite: upload.texts.dontOverwrite,
      },
    };
  }
  const query: Record<string, string> = { VERSION: upload.version };
  if (upload.normalPosition) query.normal_position = "True";
  query.agent_id = upload.mappingName;
  if (upload.syncFieldNamed) query.sync_field = upload.syncFields.join(",");
  return { path: "/api/v2/bulk/users", query, payload: record };
}

/** Where API v3 takes records. */
export const pathV3 = "/api/v3/bulk";

/** Up to 100 records over API v3. */
export function requestV3(upload: Upload, records: readonly MappedRecord[]): UploadRequest {
  return {
    path: pathV3,
    query: {},
    payload: {
      connector_version: upload.version,
      connector_name: upload.mappingName,
      sync_field: upload.syncFields,
      records,
      portion: upload.portion,
      data_type: upload.kind,
      insert_only: upload.insertOnly,
      update_only: upload.updateOnly,
    },
  };
}

/**
 * Writes the bodies of {@linkcode requestV3} around records that are JSON already: a list, as text. What is
 * the same in all of them is written once.
 */
export function createBodyWriter(upload: Upload): (records: string) => string {
  const empty = JSON.stringify(requestV3(upload, []).payload);
  // Inside of any text of it, the quotation marks would have backslashes.
  const at = empty.indexOf('"records":[]') + '"records":'.length;
  const [begin, end] = [empty.slice(0, at), empty.slice(at + "[]".length)];
  return (records) => begin + records + end;
}

/** Reports to API v3 that the upload is complete. */
export function finalizeV3(upload: Upload): UploadRequest {
  return { path: `${pathV3}/${upload.portion}/finalize`, query: {}, payload: {} };
}
