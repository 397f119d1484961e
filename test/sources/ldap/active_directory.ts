/**
 * What a real OpenLDAP cannot show: a small server that answers as Active Directory does, from
 * RFC 4511, RFC 2696, "Searching Using Range Retrieval", [MS-ADTS] 3.1.1.3.1.3.3 and [MS-DTYP].
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import {
  type Element,
  element,
  elements,
  filterText,
  firstElement,
  numberOf,
} from "../../support/ber.ts";

/** An entry: DN and values, texts or bytes. */
export interface DirectoryEntry {
  readonly dn: string;
  readonly values: Readonly<Record<string, readonly (string | Uint8Array)[]>>;
}

/** A search as it was asked for. */
export interface AskedSearch {
  readonly base: string;
  readonly scope: "base" | "one" | "sub";
  readonly filter: string;
  readonly attributes: readonly string[];
  readonly pageSize: number | undefined;
}

/** How a server is to be. */
export interface ActiveDirectoryOptions {
  /** What is below the base, which itself is not listed. */
  readonly entries: readonly DirectoryEntry[];
  /** The entries for a search, instead of all of them. */
  readonly find?: (search: AskedSearch) => readonly DirectoryEntry[];
  /** Most entries of a page (`MaxPageSize`); 1,000 by default. */
  readonly maxPageSize?: number;
  /** Answers to logins and searches instead of the usual ones; result code and text. */
  readonly refuse?: (operation: "bind" | "search") => readonly [number, string] | undefined;
  /** Numbers of pages, from 0, that are empty and not the last. */
  readonly emptyPages?: readonly number[];
  /** Gives the same empty page for ever. */
  readonly loops?: boolean;
  /** Says goodbye, as a server that shuts down does, instead of this page. */
  readonly goodbyeAt?: number;
  /** Addresses of other directories, given with the first page. */
  readonly references?: readonly string[];
}

/** A server at work. */
export interface ActiveDirectory {
  readonly url: string;
  readonly searches: readonly AskedSearch[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** The account that is let in. */
export const account = { username: "EXAMPLE\\agent", password: "Active-Canary-1" };
/** `MaxPageSize` and `MaxValRange`. */
const [defaultPageSize, maxValues] = [1000, 1500];
const pagedResults = "1.2.840.113556.1.4.319";
const disconnection = "1.3.6.1.4.1.1466.20036";
const wrongPassword =
  "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839\0";

function result(tag: number, code: number, text = "", ...more: Buffer[]): Buffer {
  return element(tag, element(0x0a, code), element(0x04), element(0x04, text), ...more);
}

/** One attribute as asked for: at most 1,500 values, and the range that they are. */
function attribute(name: string, values: readonly (string | Uint8Array)[], from: number): Buffer[] {
  const part = values.slice(from, from + maxValues);
  const end = from + part.length;
  const ranged = from > 0 || end < values.length;
  const type = ranged ? `${name};range=${from}-${end < values.length ? end - 1 : "*"}` : name;
  const set = (texts: readonly (string | Uint8Array)[]) =>
    element(0x31, ...texts.map((text) => element(0x04, text)));
  const whole = element(0x30, element(0x04, type), set(part));
  // The plain attribute comes as well, without values.
  return ranged ? [element(0x30, element(0x04, name), set([])), whole] : [whole];
}

function entryMessage({ dn, values }: DirectoryEntry, asked: readonly string[]): Buffer {
  const attributes = Object.entries(values).flatMap(([name, all]) => {
    const lower = name.toLowerCase();
    for (const one of asked) {
      const [plain = "", range = ""] = one.toLowerCase().split(";range=");
      if (plain === lower || plain === "*") {
        return attribute(name, all, Number.parseInt(range) || 0);
      }
    }
    return [];
  });
  return element(0x64, element(0x04, dn), element(0x30, ...attributes));
}

function parseSearch(
  operation: Element,
  controls: Element | undefined,
): AskedSearch & { page: number } {
  const [base, scope, , , , , filter, attributes] = elements(operation.bytes);
  if (!base || !scope || !filter || !attributes) throw new Error("a search has eight parts");
  let pageSize: number | undefined;
  let page = 0;
  for (const control of controls === undefined ? [] : elements(controls.bytes)) {
    const parts = elements(control.bytes);
    const value = parts.at(-1);
    if (`${parts[0]?.bytes}` !== pagedResults || value === undefined) continue;
    const [size, cookie] = elements(elements(value.bytes)[0]?.bytes ?? Buffer.alloc(0));
    if (size === undefined || cookie === undefined) throw new Error("a page has size and cookie");
    pageSize = numberOf(size);
    page = cookie.bytes.length === 0 ? 0 : cookie.bytes.readUInt32BE(0);
  }
  return {
    base: `${base.bytes}`,
    scope: (["base", "one", "sub"] as const)[numberOf(scope)] ?? "sub",
    filter: filterText(filter),
    attributes: elements(attributes.bytes).map(({ bytes }) => `${bytes}`),
    pageSize,
    page,
  };
}

/** The pages of a search of everything: lists of entries, some of them empty on purpose. */
function pagesOf({ entries, emptyPages = [] }: ActiveDirectoryOptions, size: number) {
  const pages: (readonly DirectoryEntry[])[] = [];
  for (let at = 0; at < entries.length || pages.length === 0;) {
    if (emptyPages.includes(pages.length)) pages.push([]);
    else pages.push(entries.slice(at, at += size));
  }
  return pages;
}

function cookieControl(cookie: Buffer): Buffer {
  const value = element(0x30, element(0x02, 0), element(0x04, cookie));
  return element(0xa0, element(0x30, element(0x04, pagedResults), element(0x04, value)));
}

class Session {
  readonly #options: ActiveDirectoryOptions;
  readonly #searches: AskedSearch[];
  readonly #socket: Socket;
  #loggedIn = false;

  constructor(options: ActiveDirectoryOptions, searches: AskedSearch[], socket: Socket) {
    this.#options = options;
    this.#searches = searches;
    this.#socket = socket;
    let waiting = Buffer.alloc(0);
    // A client that goes away in the middle is none of the server's business.
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      waiting = Buffer.concat([waiting, Buffer.from(data)]);
      for (let first = firstElement(waiting); first; first = firstElement(waiting)) {
        waiting = waiting.subarray(first.size);
        this.#answer(first.element);
      }
    });
  }

  #say(id: number, message: Buffer, ...controls: Buffer[]): void {
    this.#socket.write(element(0x30, element(0x02, id), message, ...controls));
  }

  #answer(message: Element): void {
    const [id, operation, controls] = elements(message.bytes);
    if (id === undefined || operation === undefined) throw new Error("a message has two parts");
    if (operation.tag === 0x60) return this.#bind(numberOf(id), operation);
    if (operation.tag === 0x63) return this.#search(numberOf(id), operation, controls);
    if (operation.tag !== 0x42) throw new Error(`unexpected operation ${operation.tag}`);
    this.#socket.end();
  }

  #bind(id: number, { bytes }: Element): void {
    const refusal = this.#options.refuse?.("bind");
    if (refusal !== undefined) return this.#say(id, result(0x61, ...refusal));
    const [, name, secret] = elements(bytes);
    this.#loggedIn = `${name?.bytes}` === account.username &&
      `${secret?.bytes}` === account.password;
    // Active Directory lets anybody in who says nothing.
    const anonymous = name?.bytes.length === 0 && secret?.bytes.length === 0;
    const good = this.#loggedIn || anonymous;
    this.#say(id, good ? result(0x61, 0) : result(0x61, 49, wrongPassword));
  }

  #search(id: number, operation: Element, controls: Element | undefined): void {
    const { page, ...search } = parseSearch(operation, controls);
    this.#searches.push(search);
    const refusal = this.#options.refuse?.("search");
    if (refusal !== undefined) return this.#say(id, result(0x65, ...refusal));
    if (!this.#loggedIn) {
      const text =
        "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v3839\0";
      return this.#say(id, result(0x65, 1, text));
    }
    if (search.scope === "base") return this.#readOne(id, search);
    this.#readPage(id, search, page);
  }

  #find(search: AskedSearch): readonly DirectoryEntry[] {
    return this.#options.find?.(search) ?? this.#options.entries;
  }

  #readOne(id: number, search: AskedSearch): void {
    const wanted = search.base.toLowerCase();
    const { attributes } = search;
    const entry = this.#find(search).find(({ dn }) => dn.toLowerCase() === wanted);
    if (entry === undefined) {
      const text =
        "0000208D: NameErr: DSID-0310028F, problem 2001 (NO_OBJECT), data 0, best match of:\0";
      return this.#say(id, result(0x65, 32, text));
    }
    this.#say(id, entryMessage(entry, attributes));
    this.#say(id, result(0x65, 0));
  }

  #readPage(id: number, search: AskedSearch, page: number): void {
    const { attributes, pageSize } = search;
    const { loops = false, goodbyeAt, maxPageSize = defaultPageSize } = this.#options;
    if (pageSize === undefined) throw new Error("the agent is to ask for pages");
    if (page === goodbyeAt) {
      this.#say(0, result(0x78, 52, "the server is shutting down\0", element(0x8a, disconnection)));
      this.#socket.end();
      return;
    }
    const cookie = Buffer.alloc(4);
    if (loops) {
      cookie.writeUInt32BE(1);
      return this.#say(id, result(0x65, 0), cookieControl(cookie));
    }
    const found = { ...this.#options, entries: this.#find(search) };
    const pages = pagesOf(found, Math.min(pageSize, maxPageSize));
    for (const address of page === 0 ? this.#options.references ?? [] : []) {
      this.#say(id, element(0x73, element(0x04, address)));
    }
    for (const entry of pages[page] ?? []) this.#say(id, entryMessage(entry, attributes));
    cookie.writeUInt32BE(page + 1);
    const last = page + 1 >= pages.length;
    this.#say(id, result(0x65, 0), cookieControl(last ? Buffer.alloc(0) : cookie));
  }
}

/** Starts a server on a free loopback port. */
export async function startActiveDirectory(
  options: ActiveDirectoryOptions,
): Promise<ActiveDirectory> {
  const searches: AskedSearch[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    new Session(options, searches, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `ldap://127.0.0.1:${port}`,
    searches,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
