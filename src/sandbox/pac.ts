/**
 * Evaluates PAC files in a sandbox process, and resolves the names that they ask for outside of it.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { AgentError } from "../base/errors.ts";
import { type Child, spawnSelf } from "../runtime/child.ts";
import type { PacAnswer, PacQuestion } from "../sdk/http/pac.ts";
import { sandboxArgument } from "./argument.ts";
import type { PacReply, PacTask } from "./pac_protocol.ts";
import { encodeFrame, frameKind, FrameReader } from "./protocol.ts";

/** What the answer to one question may take, and what the script sees of this machine. */
export interface PacLimits {
  /** Processor time of one evaluation, in milliseconds; 1 second by default. */
  readonly timeMs?: number;
  /** For all of it, names included, in milliseconds; 30 seconds by default. Then the process is killed. */
  readonly killAfterMs?: number;
  readonly now?: Date;
  readonly timeZone?: string;
  readonly ownAddress?: string;
  /** Gives the IPv4 address of a name, null when there is none. */
  readonly resolve?: (name: string) => Promise<string | null>;
}

/** Different names that one evaluation may ask for: each takes another one. */
const mostNames = 32;
const resolveTimeoutMs = 5000;

/** What the name servers know; a name that is none is not sent to them. */
async function resolveName(name: string): Promise<string | null> {
  if (!/^[a-z0-9_.-]{1,253}$/i.test(name)) return null;
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), resolveTimeoutMs);
  const found = lookup(name, { family: 4 }).then(({ address }) => address, () => null);
  return await Promise.race([found, promise]).finally(() => clearTimeout(timer));
}

function findOwnAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}

/**
 * Asks a PAC file for the proxies of an address.
 *
 * @throws {AgentError} whose message goes on after the name of the file: `takes longer than 1 s`.
 */
export async function evaluatePac(
  { script, url, host }: PacQuestion,
  limits: PacLimits = {},
): Promise<PacAnswer> {
  const { timeMs = 1000, killAfterMs = 30_000, resolve = resolveName } = limits;
  const names: Record<string, string | null> = Object.create(null);
  const fixed = {
    ...{ script, url, host, timeMs },
    now: (limits.now ?? new Date()).getTime(),
    timeZone: limits.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    ownAddress: limits.ownAddress ?? findOwnAddress(),
  };
  const child = new PacProcess(killAfterMs);
  try {
    for (let round = 0; round <= mostNames; round++) {
      const reply = await child.ask({ ...fixed, names });
      if ("failed" in reply) throw new AgentError(reply.failed);
      if ("result" in reply) return reply;
      names[reply.wanted] = await resolve(reply.wanted);
    }
    throw new AgentError(`asks for the addresses of more than ${mostNames} names`);
  } finally {
    await child.end();
  }
}

/** A sandbox process for one PAC file. */
class PacProcess {
  readonly #child: Child;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #frames = new FrameReader();
  readonly #killAfterMs: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  #isLate = false;

  constructor(killAfterMs: number) {
    this.#killAfterMs = killAfterMs;
    this.#child = spawnSelf({
      argument: sandboxArgument,
      sourceEntry: new URL("./source_entry.ts", import.meta.url).href,
    });
    this.#output = this.#child.output[Symbol.asyncIterator]();
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#child.kill();
    }, killAfterMs);
  }

  async ask(task: PacTask): Promise<PacReply> {
    this.#child.send(encodeFrame(frameKind.pacTask, JSON.stringify(task)));
    for (;;) {
      const next = await this.#output.next();
      if (next.done === true) {
        const late = `was stopped after ${this.#killAfterMs / 1000} s`;
        throw new AgentError(this.#isLate ? late : "ended the sandbox: it takes too much");
      }
      for (const { kind, text } of this.#frames.push(next.value)) {
        if (kind === frameKind.pacReply) return JSON.parse(text) as PacReply;
      }
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#child.kill();
    await this.#child.ended;
  }
}
