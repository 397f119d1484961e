/**
 * What the tests of a new source begin as: a vendor server that knows what it was asked.
 *
 * @module
 */
import type { SourceNames } from "./source_template.ts";

/** `test/sources/NAME/server.ts`. */
export function serverTemplate({ title, kind }: SourceNames): string {
  return `/**
 * The part of ${title}'s API that the source uses, as the vendor documents it.
 *
 * @module
 */

/** A server at work. */
export interface VendorServer {
  readonly url: string;
  readonly token: string;
  /** Stops it; throws when a request came that the API does not have. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a server on loopback that answers with these pages, given as bodies. */
export function startServer(pages: readonly string[]): VendorServer {
  const token = "right-token";
  const unexpected: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (request.method !== "GET" || pathname !== "/${kind}") {
        unexpected.push(\`\${request.method} \${pathname}\`);
        return new Response("", { status: 404 });
      }
      if (request.headers.get("authorization") !== \`Bearer \${token}\`) {
        return new Response("", { status: 401 });
      }
      return new Response(pages[Number(searchParams.get("page")) - 1] ?? "[]");
    },
  });
  return {
    url: server.url.origin,
    token,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      if (unexpected.length > 0) throw new Error(\`unexpected: \${unexpected.join(", ")}\`);
    },
  };
}
`;
}

/** `test/sources/NAME/NAME_test.ts`. */
export function testTemplate({ name, title, constant, kind }: SourceNames): string {
  const needed = kind === "users"
    ? `default_role: "25", default_position: "Employee"`
    : `sync_field: "SERIAL_NUMBER"`;
  return `/**
 * The source ${name}, against a server that answers like ${title}.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { createLog } from "../../../src/base/log.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { AuthError, type Raw, readOption, SourceError } from "../../../src/sdk/mod.ts";
import { ${constant} } from "../../../src/sources/${name}/mod.ts";
import { startServer } from "./server.ts";

function contextOf(texts: Readonly<Record<string, string>>) {
  const given: Record<string, string> = { ${needed}, ...texts };
  const values = Object.entries(${constant}.options).map(([key, option]) => {
    const result = readOption(option, given[key]);
    if (!result.ok) throw new Error(\`\${key} \${result.problem}\`);
    return [key, result.value];
  });
  return {
    options: Object.fromEntries(values),
    log: createLog("${name}", createRedactor(), []),
    signal: new AbortController().signal,
    wanted: { everything: true, paths: [] },
    total: () => {},
  };
}

async function read(texts: Readonly<Record<string, string>>): Promise<unknown[]> {
  return await Array.fromAsync(${constant}.records(contextOf(texts)));
}

describe("${name}", () => {
  const first: Raw[] = [{ id: 1 }, { id: 2 }];
  const second: Raw[] = [{ id: 3 }];

  test("joins all pages", async () => {
    await using server = startServer([JSON.stringify(first), JSON.stringify(second)]);
    const records = await read({ url: server.url, api_token: server.token });
    expect(records).toEqual([...first, ...second]);
  });

  test("checks the credentials", async () => {
    await using server = startServer([]);
    const right = contextOf({ url: server.url, api_token: server.token });
    await ${constant}.check?.(right);
    const wrong = contextOf({ url: server.url, api_token: "wrong" });
    await expect(${constant}.check?.(wrong)).rejects.toThrow(AuthError);
  });

  test("names the request whose answer is broken", async () => {
    await using server = startServer(["[{"]);
    const reading = read({ url: server.url, api_token: server.token });
    await expect(reading).rejects.toThrow(SourceError);
    await expect(reading).rejects.toThrow("GET /${kind}");
  });
});
`;
}
