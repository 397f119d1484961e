/**
 * On which port a named instance of SQL Server listens: by a request to the SQL Server Browser, by the
 * SQL Server Resolution Protocol ([MC-SQLR]).
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { messageOf, SourceError } from "../../base/errors.ts";

const browserPort = 1434;
/** CLNT_UCAST_INST: one server is asked for one instance. */
const instanceRequest = 4;
/** Datagrams get lost: the request is sent this often, a second apart. */
const attempts = 4;
const answerTimeoutMs = 1000;

/** The port in the answer, nothing when the instance does not listen on TCP. */
function portIn(answer: Buffer, instance: string): number | undefined {
  const parts = answer.subarray(3).toString("latin1").split(";");
  const name = parts[parts.indexOf("InstanceName") + 1] ?? "";
  const port = Number(parts[parts.indexOf("tcp") + 1]);
  const listens = parts.includes("tcp") && name.toLowerCase() === instance.toLowerCase();
  return listens && Number.isInteger(port) ? port : undefined;
}

/** Sends the question again and again until there is an answer; nothing comes back when there is none. */
async function queryBrowser(
  socket: Socket,
  host: string,
  instance: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const question = Buffer.concat([
    Buffer.of(instanceRequest),
    Buffer.from(`${instance}\0`, "latin1"),
  ]);
  return await new Promise((resolve, reject) => {
    let sent = 0;
    const timer = setInterval(send, answerTimeoutMs);
    const abort = () => end(() => reject(signal.reason));
    function end(complete: () => void): void {
      clearInterval(timer);
      signal.removeEventListener("abort", abort);
      complete();
    }
    function send(): void {
      if (sent++ === attempts) return end(() => resolve(undefined));
      socket.send(question, browserPort, host);
    }
    socket.once("message", (answer) => end(() => resolve(answer)));
    // A refused datagram: nobody listens there now, which may change until the next attempt.
    socket.on("error", () => {});
    signal.addEventListener("abort", abort, { once: true });
    send();
  });
}

/**
 * Asks for the port of an instance.
 *
 * @throws {SourceError} When nobody answers, or there is no such instance.
 */
export async function findInstancePort(
  host: string,
  instance: string,
  signal: AbortSignal,
): Promise<number> {
  const what = `Cannot find the instance ${instance} of SQL Server on ${host}`;
  signal.throwIfAborted();
  let found: { readonly address: string; readonly family: number };
  try {
    found = await lookup(host);
  } catch (thrown) {
    const hint = "Check the host name in server.";
    throw new SourceError(`${what}: ${messageOf(thrown)}`, { hint, cause: thrown });
  }
  const socket = createSocket(found.family === 6 ? "udp6" : "udp4");
  try {
    const answer = await queryBrowser(socket, found.address, instance, signal);
    if (answer === undefined) {
      throw new SourceError(`${what}: the SQL Server Browser does not answer on UDP port 1434`, {
        hint: "Check the instance's name, start the SQL Server Browser and open its port, " +
          "or name the instance's own port: server = host,port.",
        retriable: true,
      });
    }
    const port = portIn(answer, instance);
    if (port !== undefined) return port;
    throw new SourceError(`${what}: it does not listen on TCP/IP`, {
      hint: "Enable TCP/IP for it in the SQL Server Configuration Manager.",
    });
  } finally {
    socket.close();
  }
}
