/**
 * A directory that sends a message without an end, and messages in odd pieces.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { MessageFrames } from "../../src/sdk/ldap/frames.ts";
import { section } from "../sources/ldap/ldap_run.ts";
import { uploadHostile } from "./hostile_run.ts";
import { slow } from "../support/slow.ts";

test("messages come whole out of pieces of any size", () => {
  const sizes = [0, 1, 5, 127, 128, 255, 256, 65_535, 65_536, 300_000];
  const messages = sizes.map((size) => {
    const length = size < 128
      ? [size]
      : [0x84, ...new Uint8Array(new Uint32Array([size]).buffer).reverse()];
    return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(size, size % 251)]);
  });
  const all = Buffer.concat(messages);
  for (const width of [1, 2, 3, 7, 100, 65_536, all.length]) {
    const frames = new MessageFrames();
    const seen: Buffer[] = [];
    for (let at = 0; at < all.length; at += width) {
      seen.push(...frames.add(all.subarray(at, at + width)));
    }
    expect(seen.map(({ length }) => length)).toEqual(messages.map(({ length }) => length));
    expect(Buffer.concat(seen).equals(all)).toBe(true);
  }
  for (const head of ["3080", "3085ffffffffff", "30ff"]) {
    expect(() => [...new MessageFrames().add(Buffer.from(head, "hex"))]).toThrow(
      "is not an LDAP message",
    );
  }
});

slow("a message of two gigabytes is given up at once", async () => {
  const piece = Buffer.alloc(1024 * 1024);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      // A sequence (BER) that says it has 2 GB, of which zeros arrive for ever.
      socket.write(Buffer.from("30847fffffff", "hex"));
      const pour = () => {
        while (!socket.destroyed && socket.write(piece)) { /* as fast as it goes */ }
      };
      socket.on("drain", pour);
      pour();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "string" ? 0 : address?.port ?? 0;
  const settings = section("ldap", {
    url: `ldap://127.0.0.1:${port}`,
    username: "anonymous",
    base_dn: "dc=example,dc=com",
    default_role: "25",
    default_position: "Employee",
  });
  const run = await uploadHostile(settings, { ownProcess: true });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("a message of more than 64 MB");
  expect(run.peak).toBeLessThan(500);
}, 60_000);
