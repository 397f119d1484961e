/**
 * What the service is called, system by system. Without imports, so that the program can look for
 * its hidden argument without loading anything.
 *
 * @module
 */

/** The name of the service where people read it. */
export const title = "Agent for Oomnitza";
/** One sentence for lists of services. */
export const description =
  "Uploads IT assets and people into Oomnitza, on schedule and by webhook.";

/** The unit of systemd, without its ending; also the name of its account and of its folders. */
export const unitName = "oomnitza-agent";
/** The label of the job of launchd. */
export const jobLabel = "com.oomnitza.agent";
/** The name of the service of Windows. */
export const serviceName = "OomnitzaAgent";
/** First argument of the program when Windows starts it as a service; a command line follows. */
export const windowsServiceArgument = "__service";
