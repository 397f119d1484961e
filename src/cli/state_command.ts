/**
 * `agent state`: moves the state to another place, and brings its tables up to date.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { StatePlace } from "../state/move/mark.ts";
import type { MoveStep } from "../state/move/move.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { requireState } from "./state.ts";

const actions = ["move", "migrate"] as const;

const flags = {
  "to": opt.text(
    "move: where to. A file, for the way back from PostgreSQL; or postgres://USER@HOST:5432/DATABASE, without a password. By default the PostgreSQL that [state] names.",
    { default: "", placeholder: "FILE|URL" },
  ),
  "cancel": opt.flag(
    "move: give up a move that was not completed. The state is used again where it is.",
    { default: false },
  ),
} as const;
type Flags = Values<typeof flags>;

/** After so many rows of a table, a log says how far it is. */
const loggedRows = 100_000;

/** Shows how far a move is: in place on a terminal, in the log elsewhere. */
function showStep({ isTerminal, global, status, log }: CommandContext, step: MoveStep): void {
  const { kind, table, rows, total } = step;
  const text = `${kind === "moving" ? "Moving" : "Comparing"} ${table}: ${rows} of ${total} rows`;
  if (isTerminal && !global.quiet) status(text);
  else if (kind === "moving" && (rows === total || rows % loggedRows === 0)) log.info(text);
}

async function describe(place: StatePlace): Promise<string> {
  const { describePlace } = await import("../state/move/mark.ts");
  return describePlace(place);
}

/** What is to be done in the configuration, so that the state is found. */
function nextStep({ kind }: StatePlace): string {
  return kind === "postgres"
    ? "[state] of the configuration has to name it wherever the agent runs."
    : "Take url out of [state] of the configuration, and name the file with --state where it is not the usual one.";
}

async function move(context: CommandContext, { to, cancel }: Flags): Promise<number> {
  requireState(context);
  const { cancelMoveTo, moveStateTo } = await import("../app/state_move.ts");
  const isJson = context.global.output === "json";
  if (cancel) {
    const place = await cancelMoveTo(context, to);
    context.print(
      isJson
        ? JSON.stringify({ cancelled: place }, null, 2)
        : `The move to ${await describe(place)} is cancelled: the state is used where it is.`,
    );
    return exitCodes.ok;
  }
  const moved = await moveStateTo(context, to, (step) => showStep(context, step));
  context.status(undefined);
  if (isJson) {
    context.print(JSON.stringify(moved, null, 2));
    return exitCodes.ok;
  }
  const rows = Object.values(moved.rows).reduce((sum, each) => sum + each, 0);
  context.print(
    `${rows} rows were moved from ${await describe(moved.from)} to ${await describe(
      moved.to,
    )}, and compared. ${nextStep(moved.to)}`,
  );
  return exitCodes.ok;
}

async function migrate(context: CommandContext, { to, cancel }: Flags): Promise<number> {
  if (to !== "" || cancel) {
    throw new UsageError("--to and --cancel work with agent state move only");
  }
  requireState(context);
  const { migrateState } = await import("../app/state_move.ts");
  const migrated = await migrateState(context);
  const { server, schema, version, steps } = migrated;
  context.print(
    context.global.output === "json"
      ? JSON.stringify(migrated, null, 2)
      : `PostgreSQL at ${server}, schema ${schema}: version ${version}, ${
        steps === 0 ? "up to date already" : `${steps} steps done`
      }`,
  );
  return exitCodes.ok;
}

/** Moves the state, or brings its tables up to date. */
export const stateCommand = defineCommand({
  name: "state",
  summary: "Move the state to PostgreSQL or back, or bring its tables there up to date.",
  details:
    `move copies everything from the state file into the PostgreSQL that [state] names, compares it, and closes the file: from then on the file says where the state is. No agent may be at work at either end, and nothing may be at the other end yet. A move that was interrupted goes on when it is run again; --cancel gives it up. With --to FILE the state comes back.

migrate creates the tables in PostgreSQL, or brings them up to date. Agents do that by themselves when their user may; otherwise run it with a user that may, before agents of a new version start. An agent also works with the tables of the next version.`,
  positionals: { usage: actions.join("|"), help: "What to do.", minimum: 1, maximum: 1 },
  flags,
  examples: [
    { line: "agent state move", does: "move the state file into the PostgreSQL of [state]" },
    {
      line: "agent state move --to agent-state.sqlite",
      does: "move it back into a file",
    },
    { line: "agent state migrate", does: "bring the tables in PostgreSQL up to date" },
  ],
  async run(context, values, [word = ""]) {
    if (word === "move") return await move(context, values);
    if (word === "migrate") return await migrate(context, values);
    throw new UsageError(`Unknown action "${word}"`, {
      hint: `The actions are ${actions.join(", ")}.`,
    });
  },
});
