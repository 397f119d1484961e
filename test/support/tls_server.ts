/**
 * `openssl s_server`, for what no server of this runtime would do: old TLS versions.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import type { Identity } from "./tds/certificate.ts";

/** A server at work. */
export interface TlsServer {
  /** `https://localhost:port`. */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/**
 * Starts a server that speaks one version of TLS only, and answers GET requests with files.
 *
 * @param folder Where its certificate and the files go; not shared with another server.
 * @param answers JSON by path and query.
 */
export async function serveOldTls(
  version: "tls1" | "tls1_1" | "tls1_2",
  identity: Identity,
  folder: string,
  answers: Readonly<Record<string, unknown>>,
): Promise<TlsServer> {
  writeFileSync(join(folder, "server.pem"), identity.cert);
  writeFileSync(join(folder, "server.key"), identity.key);
  for (const [path, body] of Object.entries(answers)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const head = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
    writeFileSync(join(folder, path), head + JSON.stringify(body));
  }
  const port = await freePort();
  const words = ["-accept", `127.0.0.1:${port}`, "-cert", "server.pem", "-key", "server.key"];
  const child = Bun.spawn(
    ["openssl", "s_server", ...words, `-${version}`, "-cipher", "ALL:@SECLEVEL=0", "-HTTP"],
    { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  for (let tries = 0; !await isListening(port); tries++) {
    if (tries > 200) throw new Error("openssl s_server does not start");
    await Bun.sleep(50);
  }
  return {
    url: `https://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}
