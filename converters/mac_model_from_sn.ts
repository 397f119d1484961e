/**
 * `mac_model_from_sn`: the model of a Mac, fetched from a service by its serial number.
 *
 * @module
 */

import {
  AgentError,
  type ConverterContext,
  defineConverter,
  isEmpty,
  isObject,
  messageOf,
  type SourceRecord,
} from "../src/sdk/mod.ts";

/** The service's answer for a serial number. */
type Answer = { readonly model: string } | { readonly problem: string };

interface Models {
  readonly context: ConverterContext;
  /** Serial number with address → answer, so that each is asked for once. */
  readonly answers: Map<string, Promise<Answer>>;
  failuresInARow: number;
}

// A service that is down must not cost every computer its time-outs.
const mostFailuresInARow = 3;

async function fetchModel(url: string, serial: string, state: Models): Promise<Answer> {
  if (state.failuresInARow >= mostFailuresInARow) {
    return { problem: "the service failed several times in a row and is not used any more" };
  }
  try {
    const retry = { attempts: 2, budgetMs: 20_000 };
    const answer = await state.context.http.send({ path: url, query: { sn: serial }, retry });
    if (answer.status >= 400) throw new AgentError(`the service answers with ${answer.status}`);
    state.failuresInARow = 0;
    if (!answer.body.startsWith("Error")) return { model: answer.body };
    return { problem: "the service knows no model for the serial number" };
  } catch (error) {
    if (state.context.signal.aborted) throw error;
    state.failuresInARow++;
    return { problem: messageOf(error) };
  }
}

function readSerialNumber({ general }: SourceRecord): unknown {
  return isObject(general) && Object.hasOwn(general, "serial_number")
    ? general.serial_number
    : undefined;
}

const service = "https://nam.oomnitza.com/";
const call = "mac_model_from_sn";

export const macModelFromSn = defineConverter<Models>({
  name: call,
  summary:
    "Asks a service for the model of a Mac by general.serial_number of the record. The serial numbers leave your network. When the service fails or knows no model, the value stays as it is.",
  params: {
    url: {
      help: "Address of the service; the serial number is added as sn.",
      default: service,
    },
  },
  examples: [
    {
      call,
      value: "Mac",
      record: { general: { serial_number: "C02EXAMPLE" } },
      result: "MacBook Pro",
      given: "The service answers MacBook Pro for C02EXAMPLE",
    },
    { call, value: "Mac", record: { general: {} }, result: null },
  ],
  reads: () => ["general.serial_number"],
  waits: true,
  prepare: (context) => Promise.resolve({ context, answers: new Map(), failuresInARow: 0 }),
  async convert({ value, record, params, report }, state) {
    const serial = readSerialNumber(record);
    if (isEmpty(serial)) return null;
    const url = typeof params.url === "string" ? params.url : service;
    const key = `${url} ${serial}`;
    const answer = state.answers.get(key) ?? fetchModel(url, String(serial), state);
    state.answers.set(key, answer);
    const known = await answer;
    if ("model" in known) return known.model;
    report(known.problem);
    return value;
  },
});
