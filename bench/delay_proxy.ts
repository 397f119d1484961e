/**
 * A line to a server that takes its time: what goes through it arrives later, in its order.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import { connect } from "node:net";

/** A line that takes its time. */
export interface SlowLine {
  readonly port: number;
  stop(): void;
}

function pass(from: Socket, to: Socket, ms: number): void {
  // Timers of one length end in the order in which they began.
  from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), ms));
  from.on("close", () => setTimeout(() => to.destroy(), ms));
  from.on("error", () => to.destroy());
}

/** Opens a line to a port of this machine; a round trip takes so much longer. */
export async function openSlowLine(target: number, roundTripMs: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    for (const socket of [near, far]) sockets.add(socket);
    pass(near, far, roundTripMs / 2);
    pass(far, near, roundTripMs / 2);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The line has no port");
  return {
    port: address.port,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
