/**
 * What ties a login to the encrypted connection that it is made over, so that nobody in between can use
 * it for one of his own: `tls-unique` of RFC 5929, which SQL Server's Extended Protection checks.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";

const prefix = Buffer.from("tls-unique:", "latin1");

/**
 * The application data of the channel binding: the first Finished message of the handshake, which is the
 * client's unless a session is resumed.
 *
 * @returns Nothing for TLS 1.3, for which there is no `tls-unique`.
 */
export function channelBinding(socket: TLSSocket): Buffer | undefined {
  const finished = socket.isSessionReused() ? socket.getPeerFinished() : socket.getFinished();
  return finished === undefined ? undefined : Buffer.concat([prefix, finished]);
}
