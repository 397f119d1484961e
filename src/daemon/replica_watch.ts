/**
 * The other agents that serve with the same state: how many there are, and whether they have the same sections.
 *
 * @module
 */

import { checkDocument, readOwnIni } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { differingSections, digestSections } from "../app/section_digests.ts";
import { messageOf } from "../base/errors.ts";
import type { IniDocument } from "../config/ini.ts";
import { ConfigMemory } from "../config/memory.ts";
import type { Replica, SectionDigests, State } from "../state/state.ts";

/** It is looked so often, in milliseconds. */
const lookMs = 15_000;

/** Sections that a warning names. */
const named = 3;

/** What metrics tell of a state that several agents share. */
export interface SharedFigures {
  /** Agents that serve, this one included, when it was last looked. */
  readonly replicas: number;
  /** Those of them that have other sections than this one. */
  readonly differing: number;
  /** Sections that this agent had to itself when it was last looked. */
  readonly held: readonly string[];
  /** How often it lost what it had. */
  readonly leasesLost: number;
  /** Seconds that requests to vendors waited for their turn among all agents. */
  readonly budgetWaitSeconds: number;
}

/** Makes an agent known to the others, for one that does not look for them. */
export async function announceSections(app: AppContext, store: State): Promise<void> {
  await store.announce(ownSections(app, readOwnIni(app, new ConfigMemory())));
}

function ownSections(app: AppContext, document: IniDocument): SectionDigests {
  return digestSections(checkDocument(app, document).sections);
}

/** Makes this agent known to the others, and looks for them now and then. */
export class ReplicaWatch {
  readonly #app: AppContext;
  readonly #store: State;
  readonly #memory = new ConfigMemory();
  readonly #warned = new Set<string>();
  #document: IniDocument | undefined;
  #own: SectionDigests = {};
  #announced: SectionDigests | undefined;
  #replicas: readonly Replica[] = [];
  #looking: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(app: AppContext, store: State) {
    this.#app = app;
    this.#store = store;
  }

  get figures(): SharedFigures {
    const serving = this.#replicas.filter((replica) => replica.serving !== null);
    return {
      replicas: serving.length,
      differing: serving.filter((replica) => this.#differing(replica).length > 0).length,
      held: this.#replicas.find(({ isOwn }) => isOwn)?.sections ?? [],
      leasesLost: this.#store.leasesLost,
      budgetWaitSeconds: (this.#store.budget?.waitedMs ?? 0) / 1000,
    };
  }

  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
  }

  /** Ends it, after what it has begun. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #look(): void {
    this.#looking ??= this.#lookNow().catch((error: unknown) => {
      // Runs and webhooks tell of a state that cannot be reached; this is only what one looks at.
      this.#app.log.debug(`Cannot look for other agents: ${messageOf(error)}`);
    }).finally(() => this.#looking = undefined);
  }

  async #lookNow(): Promise<void> {
    this.#readSections();
    if (this.#announced !== this.#own) {
      await this.#store.announce(this.#own);
      this.#announced = this.#own;
    }
    this.#replicas = await this.#store.replicas();
    for (const replica of this.#replicas) this.#warn(replica);
  }

  /** The sections as the file has them now: each run reads it anew. */
  #readSections(): void {
    const document = readOwnIni(this.#app, this.#memory);
    if (document === this.#document) return;
    this.#document = document;
    this.#own = ownSections(this.#app, document);
  }

  #differing({ serving, isOwn }: Replica): string[] {
    return serving === null || isOwn ? [] : differingSections(this.#own, serving);
  }

  #warn(replica: Replica): void {
    const names = this.#differing(replica);
    const key = JSON.stringify([replica.id, names]);
    if (names.length === 0 || this.#warned.has(key)) return;
    this.#warned.add(key);
    const more = names.length > named ? ` and ${names.length - named} more` : "";
    const list = names.slice(0, named).map((name) => `[${name}]`).join(", ");
    this.#app.log.warning(
      `The agent on ${replica.host} (process ${replica.process}) has other settings of ${list}${more}: whichever agent runs a section uses its own. Give all of them the same configuration`,
    );
  }
}
