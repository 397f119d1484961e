/**
 * Addresses and networks of the Internet Protocol: which belongs to which.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";

/** A list of networks, each an address or an address with a prefix length. */
export interface Networks {
  readonly isEmpty: boolean;
  has(address: string): boolean;
}

/** The plain form of an address: IPv4 inside of IPv6 is IPv4, zones do not matter. */
export function plainAddress(address: string): string {
  const [plain = ""] = address.toLowerCase().split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  return mapped?.[1] ?? plain;
}

/** A host as a URL gives it, without the brackets around an IPv6 address. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** Whether an address is one of this machine only. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "localhost" || plain === "::1" || isIP(plain) === 4 && plain.startsWith("127.");
}

function addressFamily(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

/** Adds one word such as `192.0.2.0/24`; gives whether it is one. */
function addWord(list: BlockList, word: string): boolean {
  const [address = "", prefix, ...more] = word.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  const longest = version === 4 ? 32 : 128;
  if (prefix === undefined) {
    list.addAddress(address, addressFamily(address));
    return true;
  }
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) return false;
  list.addSubnet(address, Number(prefix), addressFamily(address));
  return true;
}

/**
 * Reads addresses and networks (`192.0.2.7`, `2001:db8::/32`) that are separated by spaces or commas.
 *
 * @returns the set, and the words that are neither.
 */
export function parseNetworks(
  text: string,
): { readonly networks: Networks; readonly invalid: readonly string[] } {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const list = new BlockList();
  const invalid = words.filter((word) => !addWord(list, word));
  const networks: Networks = {
    isEmpty: words.length === 0,
    has(address) {
      const plain = plainAddress(address);
      return isIP(plain) !== 0 && list.check(plain, addressFamily(plain));
    },
  };
  return { networks, invalid };
}
