/**
 * The faces of the agent hold no work of each other: what both do is in the layer of the use cases.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { checkLayers } from "../../scripts/checks/layers.ts";
import { parseSource } from "../../scripts/checks/source_file.ts";

function rulesBroken(path: string, target: string): string[] {
  const source = parseSource(path, `import { x } from "${target}";`);
  return checkLayers(source, new Set()).map(({ rule }) => rule);
}

test.each([
  ["src/gui/pages/run.tsx", "../../cli/upload.ts", "layers/direction"],
  ["src/daemon/mod.ts", "../cli/command.ts", "layers/direction"],
  ["src/cli/schedule.ts", "../gui/pages/overview.tsx", "layers/list"],
  ["src/cli/schedule.ts", "../daemon/scheduler.ts", "layers/list"],
  ["src/gui/pages/schedule.tsx", "../../daemon/scheduler.ts", "layers/brothers"],
  ["src/gui/pages/schedule.tsx", "../../daemon/mod.ts", "layers/brothers"],
  ["src/app/upload.ts", "../cli/command.ts", "layers/direction"],
  ["src/app/schedule.ts", "../gui/mod.ts", "layers/direction"],
  ["src/app/schedule.ts", "../daemon/mod.ts", "layers/direction"],
])("%s may not import %s", (path, target, rule) => {
  expect(rulesBroken(path, target)).toEqual([rule]);
});

test.each([
  ["src/cli/gui.ts", "../gui/mod.ts"],
  ["src/cli/serve.ts", "../daemon/mod.ts"],
  ["src/cli/upload.ts", "../app/upload.ts"],
  ["src/gui/upload_job.ts", "../app/upload.ts"],
  ["src/daemon/scheduled_runs.ts", "../app/upload.ts"],
])("%s may import %s", (path, target) => {
  expect(rulesBroken(path, target)).toEqual([]);
});
