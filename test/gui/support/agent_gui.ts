/**
 * The agent's GUI in a folder of its own.
 *
 * @module
 */
import type { RunningAgent } from "../../support/agent.ts";
import { type Workspace, workspace } from "../../support/workspace.ts";

/** A GUI at work in a folder. */
export interface AgentGui {
  readonly space: Workspace;
  /** The address that lets one browser in. */
  readonly link: string;
  /** Where it listens, without a slash at the end. */
  readonly origin: string;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** Tells it to end, as SIGTERM does; gives its exit code. */
  stop(): Promise<number>;
  /** What it has written to standard error so far. */
  errors(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a GUI is started. */
export interface GuiOptions {
  /** Files to write before it starts, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** Flags besides `--no-open`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function linkIn(agent: RunningAgent): Promise<string> {
  while (!agent.hasEnded()) {
    const found = /http:\/\/127\.0\.0\.1:\d+\/enter\?token=\S+/.exec(agent.stdout());
    if (found !== null) return found[0];
    await Bun.sleep(5);
  }
  throw new Error(`The GUI showed no address.\n${agent.stdout()}${agent.stderr()}`);
}

/** Starts `agent gui --no-open` in a new folder; both go at the end of the scope. */
export async function agentGui(options: GuiOptions = {}): Promise<AgentGui> {
  const space = workspace();
  for (const [name, text] of Object.entries(options.files ?? {})) space.write(name, text);
  const agent = await space.start(["gui", "--no-open", ...options.flags ?? []], {
    env: { HOME: space.folder, ...options.env },
  });
  async function end(): Promise<void> {
    await agent.stop();
    space[Symbol.dispose]();
  }
  try {
    const link = await linkIn(agent);
    return {
      space,
      link,
      origin: new URL(link).origin,
      ended: agent.ended,
      stop: agent.stop,
      errors: agent.stderr,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
