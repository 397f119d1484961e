/**
 * The commands, in the order of the help.
 *
 * @module
 */

import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { convertersCommand } from "./converters.ts";
import { diag } from "./diag.ts";
import { doctor } from "./doctor.ts";
import { discoverCommand } from "./discover.ts";
import { driftCommand } from "./drift.ts";
import { explain } from "./explain.ts";
import { discard, failed, retry } from "./dead_letters.ts";
import { createCompletion } from "./completion_command.ts";
import { generateIni } from "./generate_ini.ts";
import { gui } from "./gui.ts";
import { tryCommand } from "./try.ts";
import { planCommand } from "./plan.ts";
import { replicasCommand } from "./replicas.ts";
import { runs } from "./runs.ts";
import { service } from "./service.ts";
import { schedule } from "./schedule.ts";
import { sourcesCommand } from "./sources.ts";
import { serveCommand } from "./serve.ts";
import { secretCommand } from "./secret.ts";
import { stateCommand } from "./state_command.ts";
import { standIn } from "./stand_in.ts";
import { statusCommand } from "./status.ts";
import { upgrade } from "./upgrade.ts";
import { upload } from "./upload.ts";
import { versionCommand } from "./version_command.ts";

/** Every command of the program. */
export const commands: readonly Command[] = [
  upload,
  planCommand,
  driftCommand,
  serveCommand,
  schedule,
  check,
  doctor,
  diag,
  discoverCommand,
  explain,
  statusCommand,
  runs,
  replicasCommand,
  failed,
  retry,
  discard,
  stateCommand,
  generateIni,
  secretCommand,
  gui,
  sourcesCommand,
  convertersCommand,
  tryCommand,
  service,
  standIn,
  upgrade,
  createCompletion(() => commands),
  versionCommand,
];
