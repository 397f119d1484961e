/**
 * The reference of the webhook benchmark: the same app and route, whose events are kept nowhere.
 *
 * @module
 */
import { createLog } from "../src/logging/log.ts";
import { createRedactor } from "../src/base/redact.ts";
import { checkConfig } from "../src/config/config.ts";
import { parseIni } from "../src/config/ini.ts";
import { serve } from "../src/runtime/serve.ts";
import { sources } from "../src/sources/mod.ts";
import { createAdmission, createApp, OpenCalls } from "../src/daemon/app.ts";
import { createCallers } from "../src/daemon/caller.ts";
import { Counters } from "../src/daemon/counters.ts";
import { AddressLimits } from "../src/daemon/limits.ts";

const [ini = ""] = process.argv.slice(2);
const document = parseIni(await Bun.file(ini).text(), ini);
const plan = checkConfig(document, { sources, env: {}, directory: "/" });
if (plan.serve === undefined) throw new Error("There is no [serve]");
const log = createLog("bare", createRedactor(), [({ message }) => console.error(message)]);
const receiver = {
  admission: createAdmission(plan.serve),
  webhooks: {
    sections: new Map(plan.sections.map((section) => [section.name, section])),
    strict: false,
    body: { maxBytes: 256 * 1024, maxMs: 10_000 },
    coalesceMs: 0,
    accept: () => Promise.resolve(),
    log,
  },
  calls: new OpenCalls(),
};
const app = createApp({
  addressOf: createCallers(plan.serve).addressOf,
  limits: new AddressLimits({ atOnce: 0, perSecond: 0 }),
  receiverOf: () => receiver,
  watchersNow: () => receiver.admission,
  unready: () => undefined,
  metrics: () => Promise.resolve(""),
  counters: new Counters(),
  log,
});
const { url } = serve({ fetch: (request, peer) => app.fetch(request, { peer }) });
console.log(JSON.stringify({ url }));
