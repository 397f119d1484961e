/**
 * A stand-in for one test, with a connection to it.
 *
 * @module
 */
import { checkConfig } from "../../../src/config/config.ts";
import { parseIni } from "../../../src/config/ini.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import type { MappedRecord } from "../../../src/base/record.ts";
import { createLog } from "../../../src/logging/log.ts";
import { connect, type Oomnitza } from "../../../src/oomnitza/client.ts";
import {
  finalizeV3,
  requestV3,
  type Upload,
  type UploadRequest,
} from "../../../src/oomnitza/payload.ts";
import { type StandIn, type StandInOptions, startStandIn } from "../../support/stand_in/mod.ts";

const started: StandIn[] = [];

/** Starts a stand-in and connects to it. */
export async function connectTo(
  options: StandInOptions,
): Promise<{ readonly instance: StandIn; readonly client: Oomnitza }> {
  const instance = await startStandIn(options);
  started.push(instance);
  const redactor = createRedactor();
  const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n`;
  const config = checkConfig(parseIni(ini, "config.ini"), {
    ...{ sources: [], env: {}, directory: "/" },
  });
  if (config.oomnitza === undefined) throw new Error(JSON.stringify(config.findings));
  const client = await connect(config.oomnitza, {
    ...{ redactor, log: createLog("test", redactor, []) },
    ...{ signal: new AbortController().signal, env: {} },
  });
  return { instance, client };
}

/** Stops every stand-in that was started. */
export async function stopAll(): Promise<void> {
  await Promise.all(started.splice(0).map((standIn) => standIn.stop()));
}

/** Uploads assets by API v3 with the sync field BARCODE; gives the portion. */
export async function upload(
  client: Oomnitza,
  mappingName: string,
  records: readonly MappedRecord[],
): Promise<string> {
  const portion = crypto.randomUUID();
  const one: Upload = {
    ...{ mappingName, portion, kind: "assets", version: "0", syncFields: ["BARCODE"] },
    ...{ syncFieldNamed: true, insertOnly: false, updateOnly: false, normalPosition: false },
    texts: { insertOnly: "False", updateOnly: "False", onlyIfFilled: null, dontOverwrite: null },
  };
  await send(client, requestV3(one, records));
  await send(client, finalizeV3(one));
  return portion;
}

async function send(client: Oomnitza, request: UploadRequest): Promise<void> {
  const { status, body } = await client.post(request, JSON.stringify(request.payload));
  if (status !== 200) throw new Error(`${status} ${body}`);
}
