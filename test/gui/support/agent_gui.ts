/**
 * The compiled agent's GUI in a folder of its own.
 *
 * @module
 */
import { binaryPath } from "../../support/binary.ts";
import { type Workspace, workspace } from "../../support/workspace.ts";

/** A GUI at work in a folder. */
export interface AgentGui {
  readonly space: Workspace;
  /** The address that lets one browser in. */
  readonly link: string;
  /** Where it listens, without a slash at the end. */
  readonly origin: string;
  readonly pid: number;
  /** Exit code, once it has ended. */
  readonly exited: Promise<number>;
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

/** Reads a stream as it comes; gives all that came. */
function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })();
  reading.catch((error) => text += `\n(cannot be read: ${error})`);
  return () => text;
}

async function linkIn(output: () => string, errors: () => string): Promise<string> {
  const until = performance.now() + 15_000;
  while (performance.now() < until) {
    const found = /http:\/\/127\.0\.0\.1:\d+\/enter\?token=\S+/.exec(output());
    if (found !== null) return found[0];
    await Bun.sleep(20);
  }
  throw new Error(`The GUI showed no address.\n${output()}${errors()}`);
}

/** Starts `agent gui --no-open` in a new folder; both go at the end of the scope. */
export async function agentGui(options: GuiOptions = {}): Promise<AgentGui> {
  const program = await binaryPath();
  const space = workspace();
  for (const [name, text] of Object.entries(options.files ?? {})) space.write(name, text);
  const child = Bun.spawn([program, "gui", "--no-open", ...options.flags ?? []], {
    cwd: space.folder,
    env: { PATH: process.env.PATH ?? "", HOME: space.folder, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  async function end(): Promise<void> {
    if (child.exitCode === null) child.kill("SIGKILL");
    await child.exited;
    space[Symbol.dispose]();
  }
  try {
    const link = await linkIn(output, errors);
    return {
      space,
      link,
      origin: new URL(link).origin,
      pid: child.pid,
      exited: child.exited,
      errors,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
