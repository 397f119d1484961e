/**
 * A datagram socket as systemd binds one for its services, by libc: the runtime has none.
 *
 * @module
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { rmSync } from "node:fs";

const { i32, ptr: pointer, u64, i64 } = FFIType;
const libc = process.platform === "linux"
  ? dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, pointer, i32], returns: i32 },
    recv: { args: [i32, pointer, u64, i32], returns: i64 },
    close: { args: [i32], returns: i32 },
  })
  : undefined;
const family = 1;
const datagram = 2;
const dontWait = 0x40;

/** A bound socket. */
export interface DatagramSocket {
  /** What has arrived since the last time, one string a datagram. */
  received(): string[];
  [Symbol.dispose](): void;
}

/** Binds a path, or with `@` at its beginning a name outside the file system. Linux only. */
export function bindDatagramSocket(name: string): DatagramSocket {
  if (libc === undefined) throw new Error("Datagram sockets are bound on Linux only.");
  const { socket, bind, recv, close } = libc.symbols;
  const path = Buffer.from(name.replace(/^@/, "\0"), "utf8");
  const address = Buffer.concat([Buffer.from([family, 0]), path]);
  const handle = socket(family, datagram, 0);
  if (handle < 0 || bind(handle, ptr(address), address.length) < 0) {
    throw new Error(`Cannot bind ${name}.`);
  }
  const bytes = Buffer.alloc(65_536);
  return {
    received() {
      const messages: string[] = [];
      for (;;) {
        const count = Number(recv(handle, ptr(bytes), BigInt(bytes.length), dontWait));
        if (count < 0) return messages;
        messages.push(bytes.toString("utf8", 0, count));
      }
    },
    [Symbol.dispose]() {
      close(handle);
      if (!name.startsWith("@")) rmSync(name, { force: true });
    },
  };
}
