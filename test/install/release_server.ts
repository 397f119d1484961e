/**
 * A file server on loopback with releases of the agent, each in a folder of its own.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostTarget } from "../../scripts/binary/targets.ts";

export interface ReleaseServer {
  /** Adds a release with this program, and gives its address. */
  release(name: string, program: string | Uint8Array): string;
  /** Changes the program of a release and leaves its sum. */
  damage(name: string): void;
  [Symbol.dispose](): void;
}

/** The name of the program for this machine in a release. */
export const programFile: string = hostTarget().file;

/** The SHA-256 sum of bytes, as hex. */
export function sumOf(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A program that is a shell script. */
export function script(text: string): string {
  return `#!/bin/sh\n${text}\n`;
}

/** Reads a program file. */
export function program(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

/** Starts a server without releases. */
export function serveReleases(): ReleaseServer {
  const files = new Map<string, string | Uint8Array>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const file = files.get(new URL(request.url).pathname);
      if (file === undefined) return new Response("There is no such file.", { status: 404 });
      return new Response(typeof file === "string" ? file : new Uint8Array(file));
    },
  });
  return {
    release(name, content) {
      files.set(`/${name}/${programFile}`, content);
      files.set(
        `/${name}/SHA256SUMS`,
        `${sumOf("other")}  agent-plan9-mips\n${sumOf(content)}  ${programFile}\n`,
      );
      return `http://127.0.0.1:${server.port}/${name}`;
    },
    damage: (name) => files.set(`/${name}/${programFile}`, script("echo agent 6.6.6")),
    [Symbol.dispose]: () => void server.stop(true),
  };
}
