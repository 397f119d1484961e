/**
 * The Helm chart of the examples, rendered for some values.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { at, folder, readExample } from "./examples.ts";
import { Templates } from "./go_template.ts";

const chart = "helm/oomnitza-agent";

/** The values of a chart, as `values.yaml` has them. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** The values that apply when nobody says otherwise. */
export const defaults = Bun.YAML.parse(readExample(`${chart}/values.yaml`)) as ChartValues;
/** What values may be. */
export const schema = JSON.parse(readExample(`${chart}/values.schema.json`)) as unknown;

/** What of some values is refused, as Helm does it before it renders; each with its path. */
export function refusedValues(values: ChartValues): string[] {
  const found = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
    .safeParse(merge(defaults, values));
  return found.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Values over others, as Helm lays them: objects are joined, everything else is replaced. */
function merge(under: ChartValues, over: ChartValues): ChartValues {
  const changed = Object.entries(over).map(([name, value]) => {
    const below = under[name];
    return [name, isObject(value) && isObject(below) ? merge(below, value) : value];
  });
  return { ...under, ...Object.fromEntries(changed) };
}

/** What `helm template blue` gives in the namespace `assets`: all objects, and the notes. */
export interface Rendered {
  readonly objects: readonly unknown[];
  readonly notes: string;
}

export function renderChart(values: ChartValues): Rendered {
  const meta = Bun.YAML.parse(readExample(`${chart}/Chart.yaml`));
  const dot = {
    Values: merge(defaults, values),
    Chart: {
      Name: at(meta, "name"),
      Version: at(meta, "version"),
      AppVersion: at(meta, "appVersion"),
    },
    Release: { Name: "blue", Namespace: "assets", Service: "Helm" },
  };
  const files = readdirSync(join(folder, chart, "templates")).sort();
  const templates = new Templates();
  for (const file of files) templates.add(file, readExample(`${chart}/templates/${file}`));
  const objects = files.filter((file) => file.endsWith(".yaml"))
    .flatMap((file) => templates.render(file, dot).split(/^---$/m))
    .filter((text) => /^\w/m.test(text))
    .map((text) => Bun.YAML.parse(text));
  return { objects, notes: templates.render("NOTES.txt", dot) };
}

/** The only object of a kind. */
export function onlyOf(kind: string, { objects }: Rendered): unknown {
  const found = objects.filter((each) => at(each, "kind") === kind);
  if (found.length !== 1) throw new Error(`There are ${found.length} of ${kind}`);
  return found[0];
}
