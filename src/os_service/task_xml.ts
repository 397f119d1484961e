/**
 * An upload as a task of Windows' Task Scheduler, from Microsoft's "Task Scheduler Schema".
 *
 * @module
 */

import { description, serviceNames } from "./names.ts";
import { windowsWord } from "./step.ts";

/** What a task runs, as whom, and when. */
export interface UploadTask {
  readonly program: string;
  /** The configuration file. */
  readonly ini: string;
  readonly sections: readonly string[];
  /** `DOMAIN\\name`, a group managed service account with `$` at its end, or one of Windows' own. */
  readonly user: string;
  /** Time of day, `HH:MM`. */
  readonly time: string;
}

/** ASCII only, so that it survives whatever PowerShell makes of it. */
function escape(text: string): string {
  return text.replace(
    /[&<>"]|[^\x20-\x7e]/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}

/** Windows' own accounts have no password; of all others Windows knows it (gMSA) or asks for it. */
function logonType(user: string): string[] {
  return /^NT (AUTHORITY|SERVICE)\\/i.test(user) ? [] : ["<LogonType>Password</LogonType>"];
}

/**
 * The task in XML. There is no declaration of an encoding: as a file it may be UTF-16, as PowerShell
 * writes it, or ASCII.
 */
export function taskXml({ program, ini, sections, user, time }: UploadTask): string {
  const words = ["upload", ...sections, "--ini", ini, "--quiet"].map(windowsWord).join(" ");
  return [
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    `  <RegistrationInfo><Description>${
      escape(`${serviceNames().title}. ${description}`)
    }</Description></RegistrationInfo>`,
    "  <Triggers>",
    "    <CalendarTrigger>",
    `      <StartBoundary>2024-01-01T${time}:00</StartBoundary>`,
    "      <Enabled>true</Enabled>",
    "      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>",
    "    </CalendarTrigger>",
    "  </Triggers>",
    "  <Principals>",
    '    <Principal id="Agent">',
    `      <UserId>${escape(user)}</UserId>`,
    ...logonType(user).map((line) => `      ${line}`),
    "      <RunLevel>LeastPrivilege</RunLevel>",
    "    </Principal>",
    "  </Principals>",
    "  <Settings>",
    "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
    "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
    "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
    "    <StartWhenAvailable>true</StartWhenAvailable>",
    "    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>",
    "    <ExecutionTimeLimit>P1D</ExecutionTimeLimit>",
    "    <Enabled>true</Enabled>",
    "  </Settings>",
    '  <Actions Context="Agent">',
    "    <Exec>",
    `      <Command>${escape(windowsWord(program))}</Command>`,
    `      <Arguments>${escape(words)}</Arguments>`,
    "    </Exec>",
    "  </Actions>",
    "</Task>",
  ].join("\n");
}
