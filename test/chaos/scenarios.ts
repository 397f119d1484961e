/**
 * The scenarios by name, each with a cluster of its own.
 *
 * @module
 */
import { type Cluster, type ClusterOptions, openCluster } from "./cluster.ts";
import { fixedPoints, runFixedPoint } from "./fixed_points.ts";
import { runMixed } from "./mixed.ts";
import { compileChanged, nextVersion } from "./mutants.ts";
import { runPromises } from "./promises.ts";
import { runTakeover } from "./takeover.ts";
import { type Absence, type Beginning, runAway } from "./away.ts";
import { runDue } from "./due.ts";
import { runFailover } from "./failover.ts";
import { runSentAgain } from "./sent_again.ts";
import type { Outcome } from "./outcome.ts";
import { runStorm, type StormOptions } from "./storm.ts";

/** What scenarios run with. */
export interface ScenarioSettings
  extends Pick<ClusterOptions, "program" | "replicas" | "state" | "isPooled"> {
  /** How long a storm is. */
  readonly seconds: number;
  /** Sections that are due at once. */
  readonly sections: number;
}

const leaseSeconds = 3;

/** Runs something with a cluster of its own, whose logs are kept when it did not go well. */
async function withCluster(
  options: ClusterOptions,
  run: (cluster: Cluster) => Promise<Outcome>,
): Promise<Outcome> {
  await using cluster = await openCluster(options);
  let isGood = false;
  try {
    const outcome = await run(cluster);
    isGood = outcome.faults.length === 0;
    return outcome;
  } finally {
    if (!isGood) {
      cluster.keepFolder();
      console.log(`The logs are in ${cluster.folder}`);
    }
  }
}

/** What goes wrong in a minute of storm. */
const blowsPerMinute = { kills: 10, databaseKills: 3, stops: 3, cuts: 3 };

function stormOptions({ seconds, state }: ScenarioSettings): StormOptions {
  const share = (perMinute: number) => Math.ceil(perMinute * seconds / 60);
  const isFile = state === "file";
  return {
    seconds,
    callers: 16,
    everyMs: 40,
    blows: {
      kills: share(blowsPerMinute.kills),
      databaseKills: isFile ? 0 : share(blowsPerMinute.databaseKills),
      stops: isFile ? 0 : share(blowsPerMinute.stops),
      cuts: isFile ? 0 : share(blowsPerMinute.cuts),
    },
  };
}

async function storm(settings: ScenarioSettings): Promise<Outcome> {
  const own = { ...settings, leaseSeconds, coalesceSeconds: 1 };
  return await withCluster(own, (cluster) => runStorm(cluster, stormOptions(settings)));
}

async function mixed(settings: ScenarioSettings): Promise<Outcome> {
  const lastProgram = await compileChanged(nextVersion);
  const own = { ...settings, state: "postgres" } as const;
  const options = { ...own, lastProgram, leaseSeconds, coalesceSeconds: 1 };
  return await withCluster(options, (cluster) => runMixed(cluster, stormOptions(own)));
}

async function promises({ program, isPooled }: ScenarioSettings): Promise<Outcome> {
  // Nothing is worked on before the database is killed.
  const options = { replicas: 2, state: "postgres", leaseSeconds, coalesceSeconds: 2 } as const;
  return await withCluster({ ...options, program, isPooled }, runPromises);
}

async function fixedPoint(name: string, { program, isPooled }: ScenarioSettings): Promise<Outcome> {
  const options = { replicas: 2, state: "postgres", leaseSeconds, coalesceSeconds: 0 } as const;
  // The database answers later than the lease ends, and is still waited for.
  const stateLines = "timeout = 60\n";
  // With API v3 the instance refuses what comes after the end of an upload: that would hide it.
  const oomnitzaLines = "api_version = v2\n";
  // Its batch could be the one at which the line is cut.
  const isWithoutTicks = true;
  const own = { ...options, program, isPooled, stateLines, oomnitzaLines, isWithoutTicks };
  return await withCluster(own, (cluster) => runFixedPoint(name, cluster));
}

async function takeover({ program, isPooled }: ScenarioSettings): Promise<Outcome> {
  const options = { replicas: 2, state: "postgres", leaseSeconds, coalesceSeconds: 0 } as const;
  // What runs is broken off by SIGTERM, and left to the other one.
  const own = { ...options, program, isPooled, serveLines: "drain_seconds = 0\n" };
  return await withCluster(own, runTakeover);
}

async function away(
  { program, replicas, isPooled }: ScenarioSettings,
  absence: Absence,
  beginning?: Beginning,
): Promise<Outcome> {
  const options = { replicas, state: "postgres", leaseSeconds, coalesceSeconds: 1 } as const;
  return await withCluster(
    { ...options, program, isPooled },
    (cluster) => runAway(cluster, absence, beginning),
  );
}

/** One process with three tenants. */
async function awayOfTenants(
  { program, isPooled }: ScenarioSettings,
  beginning: Beginning,
): Promise<Outcome> {
  const options = { replicas: 1, isOfTenants: true, leaseSeconds, coalesceSeconds: 1 };
  return await withCluster(
    { ...options, state: "postgres", program, isPooled },
    (cluster) => runAway(cluster, "killed", beginning),
  );
}

async function sentAgain({ program }: ScenarioSettings): Promise<Outcome> {
  const options = { replicas: 2, state: "postgres", leaseSeconds, coalesceSeconds: 0 } as const;
  return await withCluster({ ...options, program }, runSentAgain);
}

async function failover({ program, replicas }: ScenarioSettings): Promise<Outcome> {
  const options = { replicas, state: "postgres", leaseSeconds, coalesceSeconds: 1 } as const;
  return await withCluster({ ...options, program }, runFailover);
}

async function due({ program, replicas, sections, isPooled }: ScenarioSettings): Promise<Outcome> {
  // As it is unless somebody says otherwise.
  const options = { replicas, state: "postgres", leaseSeconds: 30, coalesceSeconds: 1 } as const;
  const own = { ...options, program, isPooled, dueSections: sections };
  return await withCluster(own, (cluster) => runDue(cluster, sections));
}

const scenarios: Readonly<Record<string, (settings: ScenarioSettings) => Promise<Outcome>>> = {
  storm,
  mixed,
  promises,
  takeover,
  away: (settings) => away(settings, "killed"),
  hung: (settings) => away(settings, "hung"),
  "away-at-start": (settings) => away(settings, "killed", "started meanwhile"),
  "hung-at-start": (settings) => away(settings, "hung", "started meanwhile"),
  "away-of-tenants": (settings) => awayOfTenants(settings, "at work"),
  "away-at-start-of-tenants": (settings) => awayOfTenants(settings, "started meanwhile"),
  failover,
  "sent-again": sentAgain,
  due,
  ...Object.fromEntries(
    Object.keys(fixedPoints).map((name) => [
      name,
      (settings: ScenarioSettings) => fixedPoint(name, settings),
    ]),
  ),
};

/** Those that take minutes, and run only when they are named. */
export const longScenarios: readonly string[] = ["due"];

/** The scenarios that there are. */
export const scenarioNames: readonly string[] = Object.keys(scenarios);

/** Runs a scenario with a cluster of its own. */
export async function runScenario(name: string, settings: ScenarioSettings): Promise<Outcome> {
  const run = scenarios[name];
  if (run === undefined) throw new Error(`There is no scenario ${name}`);
  return await run(settings);
}
