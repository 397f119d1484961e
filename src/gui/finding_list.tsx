/**
 * What is wrong with a configuration, each with its section, option and line.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Finding } from "../base/errors.ts";
import { type GuiContext, sectionPath } from "./context.ts";
import { sentence } from "./saving.tsx";

interface ListFacts {
  readonly gui: GuiContext;
  readonly findings: readonly Finding[];
  /** Whether the sections are those of the configuration, which have pages. */
  readonly isOwn?: boolean;
}

/** Findings that are listed; the others are counted. */
const listed = 200;

/** A notice that lists findings. */
export function FindingList({ gui, findings, isOwn = false }: ListFacts) {
  const worst = findings.some(({ severity }) => severity === "error") ? "bad" : "warning";
  return (
    <div class={`notice ${worst}`}>
      {isOwn ? <p>The configuration file needs attention:</p> : null}
      <ul>
        {findings.slice(0, listed).map(({ section, option, line, message, hint, severity }) => (
          <li>
            {isOwn ? null : <strong>{severity === "error" ? "Error: " : "Warning: "}</strong>}
            {section === undefined
              ? null
              : isOwn
              ? <a href={sectionPath(section)}>[{section}]</a>
              : `[${section}]`} {option === undefined ? null : <code>{option}</code>}{" "}
            {gui.redactor.redact(
              sentence(`${message}${line === undefined ? "" : ` (line ${line})`}`),
            )}
            {hint === undefined ? "" : ` ${gui.redactor.redact(sentence(hint))}`}
          </li>
        ))}
      </ul>
      {findings.length > listed ? <p>{findings.length - listed} more.</p> : null}
    </div>
  );
}
