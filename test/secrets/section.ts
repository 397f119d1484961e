/**
 * A section that uploads one asset, and an `[oomnitza]` whose token the test writes as it likes.
 *
 * @module
 */
import { record } from "../support/recorder.ts";
import type { RunOptions, RunResult } from "../support/binary.ts";
import { tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

/** What a run with a reference came to. */
export interface SecretRun extends RunResult {
  /** Tokens that the instance was shown, without doubles. */
  readonly tokens: readonly string[];
}

/** The configuration: the token as written, then the rest. */
export function iniWith(
  instance: { readonly url: string },
  token: string,
  rest = tagsOnly,
): string {
  return `[oomnitza]\nurl = ${instance.url}\napi_token = ${token}\n\n${rest}`;
}

/** How {@linkcode uploadWith} is to run. */
export interface UploadOptions extends RunOptions {
  /** Puts files beside the configuration. */
  readonly prepare?: (space: Workspace) => void;
  /** What follows `[oomnitza]`. */
  readonly rest?: string;
  readonly words?: readonly string[];
}

/** Runs `upload csv_assets --verbose` with a token as written, and looks at what the instance is shown. */
export async function uploadWith(
  token: string,
  options: UploadOptions = {},
): Promise<SecretRun> {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", iniWith(instance, token, options.rest));
  options.prepare?.(space);
  const words = options.words ?? ["upload", "csv_assets", "--verbose"];
  const run = await space.agent(words, options);
  const shown = instance.requests.map(({ headers }) => headers.get("authorization2") ?? "");
  return { ...run, tokens: [...new Set(shown)] };
}
