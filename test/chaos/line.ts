/**
 * A line between a replica and its database that can be cut without either noticing: what is sent meanwhile
 * waits, as behind a switch that lost power.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";

/** A line to a port of this machine. */
export interface Line {
  readonly port: number;
  readonly isCut: boolean;
  /** From now on new connections lead to another port. */
  leadTo(target: number): void;
  /** Ends the connections that there are. */
  hangUp(): void;
  /** From now on, nothing gets through in either direction. */
  cut(): void;
  /** What waits gets through, unless its sender has hung up. */
  mend(): void;
  /**
   * Cuts the line as soon as a connection has sent the one text and later the other, which still gets
   * through.
   *
   * @returns a promise that is fulfilled then.
   */
  cutAfter(first: string, then: string): Promise<void>;
  stop(): void;
}

interface Trap {
  readonly first: string;
  readonly then: string;
  /** Connections that have sent the first text. */
  readonly armed: Set<Socket>;
  readonly sprung: () => void;
}

class CuttableLine implements Line {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  isCut = false;
  #target: number;
  #waiting: (() => void)[] = [];
  #trap: Trap | undefined;
  port = 0;

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      const far = connect({ port: this.#target, host: "127.0.0.1", noDelay: true });
      near.setNoDelay(true);
      this.#pass(near, far, (chunk) => this.#watch(near, chunk));
      this.#pass(far, near);
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The line has no port");
    this.port = address.port;
    return this;
  }

  leadTo(target: number): void {
    this.#target = target;
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  cut(): void {
    this.isCut = true;
  }

  mend(): void {
    this.isCut = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  cutAfter(first: string, then: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#trap = { first, then, armed: new Set(), sprung: resolve };
    return promise;
  }

  stop(): void {
    this.#server.close();
    this.hangUp();
  }

  #pass(from: Socket, to: Socket, see: (chunk: Buffer) => void = () => {}): void {
    this.#sockets.add(from);
    const whenPassable = (pass: () => void) => {
      if (this.isCut) this.#waiting.push(pass);
      else pass();
    };
    from.on("data", (chunk: Buffer) => {
      whenPassable(() => {
        // What a sender did not wait for does not arrive either.
        if (!to.destroyed && !from.destroyed) to.write(chunk);
      });
      see(chunk);
    });
    from.on("close", () => {
      this.#sockets.delete(from);
      whenPassable(() => to.destroy());
    });
    from.on("error", () => from.destroy());
  }

  #watch(from: Socket, chunk: Buffer): void {
    const trap = this.#trap;
    if (trap === undefined) return;
    const text = chunk.toString("latin1");
    const armedAt = trap.armed.has(from) ? 0 : text.indexOf(trap.first);
    if (armedAt < 0) return;
    trap.armed.add(from);
    if (text.indexOf(trap.then, armedAt) < 0) return;
    this.#trap = undefined;
    this.cut();
    trap.sprung();
  }
}

/** Opens a line to a port of this machine. */
export function openLine(target: number): Promise<Line> {
  return new CuttableLine(target).listen();
}
