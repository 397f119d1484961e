/**
 * A small program that sends its arguments to the service manager, to be compiled by
 * notify_test.ts. Prints the watchdog's time as it understands it.
 *
 * @module
 */
import { notify, watchdogMs } from "../../src/runtime/notify.ts";

for (const state of process.argv.slice(2)) {
  try {
    notify(state, process.env);
  } catch (error) {
    console.log(String(error));
  }
}
console.log(`watchdog ${watchdogMs(process.env)}`);
