/**
 * Small pictures of numbers, as SVG of the page itself: no script, no font, no picture from elsewhere.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { RunResult, SectionStatus } from "../app/status.ts";
import { moment } from "./format.ts";

const words: Readonly<Record<RunResult, string>> = {
  ok: "ok",
  partly: "partly failed",
  failed: "failed",
  guard: "stopped by the guard",
  interrupted: "interrupted",
  running: "running",
};

/** How high a run's bar is, of 24: the height tells the results apart beside the colour. */
const heights: Readonly<Record<RunResult, number>> = {
  ok: 24,
  running: 16,
  partly: 18,
  guard: 12,
  interrupted: 8,
  failed: 8,
};

const barStep = 6;
const shownBars = 30;

/** How often each result occurs, as a phrase: `28 ok, 2 failed`. */
function summarise(recent: SectionStatus["recent"]): string {
  const counts = Map.groupBy(recent, ({ result }) => result);
  return [...counts].map(([result, runs]) => `${runs.length} ${words[result]}`).join(", ");
}

/** The latest runs as bars, the newest right. */
export function Heartbeat({ recent }: Pick<SectionStatus, "recent">) {
  if (recent.length === 0) return <span class="note">no run yet</span>;
  const begin = (shownBars - recent.length) * barStep;
  return (
    <svg
      class="heartbeat"
      viewBox={`0 0 ${shownBars * barStep} 24`}
      role="img"
      aria-label={`The latest ${recent.length} runs: ${summarise(recent)}`}
    >
      {recent.map(({ result, run }, index) => (
        <rect
          class={`bar ${result}`}
          x={begin + index * barStep}
          y={24 - heights[result]}
          width={barStep - 2}
          height={heights[result]}
          rx="1"
        >
          <title>{`${moment(run.started)}: ${words[result]}`}</title>
        </rect>
      ))}
    </svg>
  );
}

/** Numbers as a line, the newest right. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return null;
  const highest = Math.max(...values, 1);
  const begin = (shownBars - values.length) * barStep;
  const points = values.map((value, index) =>
    `${begin + index * barStep + 2},${(15 - value / highest * 14).toFixed(1)}`
  );
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${shownBars * barStep} 16`}
      role="img"
      aria-label={`${label}: from ${values[0]} to ${values.at(-1)}, at most ${highest}`}
    >
      <polyline points={points.join(" ")} />
    </svg>
  );
}

/** One bar of a {@linkcode BarChart}: parts that stand on each other. */
export interface Bar {
  /** What the bar is about, for the pointer: when, and what. */
  readonly title: string;
  /** A class of the style for each part, and how large it is. */
  readonly parts: readonly (readonly [string, number])[];
}

const chartWidth = 960;
const chartHeight = 160;

/** Bars beside each other, with the highest value at the axis. */
export function BarChart({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const sums = bars.map(({ parts }) => parts.reduce((sum, [, value]) => sum + value, 0));
  const highest = Math.max(...sums, 1);
  const step = chartWidth / Math.max(bars.length, 1);
  const width = Math.min(Math.max(step - 2, step * 0.7), 24);
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${chartWidth} ${chartHeight + 20}`}
      role="img"
      aria-label={`${label}; the table below has the numbers`}
    >
      <line x1="0" y1={chartHeight} x2={chartWidth} y2={chartHeight} class="axis" />
      <text x="0" y="12">{highest.toLocaleString("en")}</text>
      {bars.map(({ title, parts }, index) => {
        let top = chartHeight;
        return (
          <g>
            <title>{title}</title>
            {parts.map(([name, value]) => {
              const height = value / highest * (chartHeight - 18);
              top -= height;
              return (
                <rect
                  class={`bar ${name}`}
                  x={(index * step + (step - width) / 2).toFixed(1)}
                  y={top.toFixed(1)}
                  width={width.toFixed(1)}
                  height={height.toFixed(1)}
                />
              );
            })}
          </g>
        );
      })}
    </svg>
  );
}

/** What the colours of a picture mean: a class of the style for each, and its words. */
export function Legend({ entries }: { entries: readonly (readonly [string, string])[] }) {
  return (
    <p class="legend">
      {entries.map(([name, text]) => (
        <span>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <rect class={`bar ${name}`} width="12" height="12" rx="2" />
          </svg>
          {text}
        </span>
      ))}
    </p>
  );
}

/** A part of a {@linkcode ShareBar}: a class of the style, its words, and how much it is. */
export type Share = readonly [name: string, text: string, value: number];

/** How a whole is made up: parts beside each other, as wide as they are large. */
export function ShareBar({ shares, label }: { shares: readonly Share[]; label: string }) {
  const total = shares.reduce((sum, [, , value]) => sum + value, 0);
  const shown = shares.filter(([, , value]) => value > 0);
  if (shown.length === 0) return null;
  const words = shown.map(([, text, value]) => `${value.toLocaleString("en")} ${text}`);
  let left = 0;
  return (
    <>
      <svg
        class="share"
        viewBox="0 0 1000 24"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${words.join(", ")}`}
      >
        {shown.map(([name, , value], index) => {
          const begin = left;
          left += value / total * 1000;
          // What is little among much is seen, too.
          const width = Math.max(left - begin, 4);
          return (
            <rect class={`bar ${name}`} x={begin.toFixed(1)} width={width.toFixed(1)} height="24">
              <title>{words[index]}</title>
            </rect>
          );
        })}
      </svg>
      <Legend entries={shown.map(([name], index) => [name, words[index] ?? ""])} />
    </>
  );
}
