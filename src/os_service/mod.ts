/**
 * The agent as a service of the systems: what `agent service` uses.
 *
 * @module
 */

export { launchd } from "./launchd.ts";
export { tailLog } from "../logging/tail.ts";
export { listen, perform, show } from "./perform.ts";
export { commandText, stepJson, stepText } from "./step.ts";
export { systemd } from "./systemd.ts";
export { refuseOldManager } from "./version.ts";
export { windows } from "./windows.ts";
