/**
 * The task for Windows' Task Scheduler, as a file that Windows reads.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { taskXml } from "../../src/os_service/task_xml.ts";
import { openFaces } from "../app/support/faces.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const task = {
  program: "C:\\Program Files\\Oomnitza Agent\\agent.exe",
  ini: "D:\\R&D <ä>\\config.ini",
  sections: ["csv_assets", "casper.MDM"],
  user: "EXAMPLE\\agent$",
  time: "02:30",
};

function parsed(xml: string) {
  expect(XMLValidator.validate(xml)).toBe(true);
  return new XMLParser({ htmlEntities: true }).parse(xml).Task;
}

test("the task runs the sections as the account, whatever is in its paths", () => {
  const xml = taskXml(task);
  // In any encoding that PowerShell writes.
  // deno-lint-ignore no-control-regex
  expect(xml).toMatch(/^[\x0a\x20-\x7e]+$/);
  const { Actions, Principals, Triggers, Settings } = parsed(xml);
  expect(Actions.Exec).toEqual({
    Command: `"${task.program}"`,
    Arguments: 'upload csv_assets casper.MDM --ini "D:\\R&D <ä>\\config.ini" --quiet',
  });
  expect(Principals.Principal).toEqual({
    UserId: task.user,
    LogonType: "Password",
    RunLevel: "LeastPrivilege",
  });
  expect(Triggers.CalendarTrigger.StartBoundary).toEndWith("T02:30:00");
  expect(Settings).toMatchObject({
    DisallowStartIfOnBatteries: false,
    ExecutionTimeLimit: "P1D",
    MultipleInstancesPolicy: "IgnoreNew",
  });
});

test("accounts of Windows itself have no password", () => {
  const { Principals } = parsed(taskXml({ ...task, user: "NT AUTHORITY\\NETWORK SERVICE" }));
  expect(Principals.Principal).not.toHaveProperty("LogonType");
});

test("agent schedule --task-xml prints one of the enabled sections, not of SYSTEM", async () => {
  using faces = openFaces();
  const ini = "[oomnitza]\nurl = https://example.com\napi_token = x\n[csv_assets]\n" +
    "enable = True\nfilename = a.csv\nsync_field = A\nmapping.A = b\n";
  writeFileSync(join(faces.folder, "config.ini"), ini, { mode: 0o600 });
  const { code, stdout } = await faces.cli("schedule", "--task-xml");
  expect(code).toBe(0);
  expect(stdout).toContain("<UserId>NT AUTHORITY\\NETWORK SERVICE</UserId>");
  expect(stdout).toContain("upload csv_assets --ini");
  const wrong = await faces.cli("schedule", "--task-xml", "--task-time", "25:00");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--task-time takes HH:MM");
});
