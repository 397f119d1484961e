/**
 * What the service is called, system by system. Without imports, so that the program can look for
 * its hidden argument without loading anything.
 *
 * @module
 */

/** One sentence for lists of services. */
export const description =
  "Uploads IT assets and people into Oomnitza, on schedule and by webhook.";

/** What one service of this machine is called: it may have several, with a name each. */
export interface ServiceNames {
  /** As it was given; blank for the usual service. */
  readonly name: string;
  /** Where people read it. */
  readonly title: string;
  /** The unit of systemd, without its ending; also the name of its account and of its folders. */
  readonly unit: string;
  /** The label of the job of launchd. */
  readonly job: string;
  /** The service of Windows. */
  readonly windows: string;
  /** Last part of the folders of macOS and Windows. */
  readonly folder: string;
}

/** What a service may be named: it becomes part of an account, for which Linux has 32 letters. */
export const servicePattern = /^[a-z][a-z0-9]{0,15}$/;

/** The names of the service; of another one beside it, with a name of its own. */
export function serviceNames(name = ""): ServiceNames {
  const [hyphen, dot, space] = name === "" ? ["", "", ""] : [`-${name}`, `.${name}`, ` ${name}`];
  return {
    name,
    title: name === "" ? "Agent for Oomnitza" : `Agent for Oomnitza (${name})`,
    unit: `oomnitza-agent${hyphen}`,
    job: `com.oomnitza.agent${dot}`,
    windows: `OomnitzaAgent${hyphen}`,
    folder: `Oomnitza Agent${space}`,
  };
}

const argument = "__service";

/** First argument of the program when Windows starts it as a service; a command line follows. */
export function windowsServiceArgument(name: string): string {
  return name === "" ? argument : `${argument}=${name}`;
}

/** The name of the service that Windows starts; undefined when it is no first argument of a service. */
export function startedService(first: string | undefined): string | undefined {
  if (first === argument) return "";
  return first?.startsWith(`${argument}=`) ? first.slice(argument.length + 1) : undefined;
}
