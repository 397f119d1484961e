/**
 * Logins by Kerberos on systems other than Windows, through the system's own library: MIT Kerberos or
 * Heimdal by the GSS-API (RFC 2744). Tickets come out of a credential cache, or are fetched with a keytab.
 *
 * A call may ask a KDC, and returns when that has answered: until then the program does nothing else. So
 * `kdc_process.ts` asks first.
 *
 * @module
 */

import { dlopen, FFIType, ptr } from "bun:ffi";
import { existsSync } from "node:fs";
import { messageOf } from "../base/errors.ts";
import {
  gssBuffer,
  gssChannelBindings,
  GssHandle,
  gssKeyValues,
  gssOid,
  gssOidSet,
  type GssStruct,
  readGssBuffer,
} from "./gss_memory.ts";
import type { SealingContext } from "./sspi.ts";

/** What is the matter: no library, one that lacks something, no key, a refusal, or less than was asked for. */
export type GssProblem = "library" | "store" | "keytab" | "refused" | "unprotected";

/** The library refused, or there is none. */
export class GssError extends Error {
  override name = "GssError";
  readonly problem: GssProblem;
  /** Of a refusal, the major status (RFC 2744, 3.9.1). */
  readonly major: number;
  /** Of a refusal, the mechanism's own number: of Kerberos one of krb5_err.et, signed. */
  readonly minor: number;

  constructor(problem: GssProblem, message: string, major = 0, minor = 0) {
    super(message);
    this.problem = problem;
    this.major = major;
    this.minor = minor | 0;
  }
}

/** Who logs in. */
export interface GssCredentials {
  /** File with keys, with which tickets are fetched; blank for the tickets of the cache. */
  readonly keytab: string;
  /** Credential cache as Kerberos names them; blank for the one of the account that runs the program. */
  readonly ccache: string;
  /** `name@REALM`; blank for the first of the keytab, or the one of the cache. */
  readonly principal: string;
}

/** What to log in to, and how. */
export interface GssLogin {
  /** Service principal name: `ldap/dc1.example.org`, `MSSQLSvc/sql.example.org:1433`, with `@REALM` if need be. */
  readonly target: string;
  /** Kerberos alone, or SPNEGO around it (RFC 4178). */
  readonly mechanism: "kerberos" | "negotiate";
  /** Whether messages are to be encrypted after the login. */
  readonly seal: boolean;
  /** Ties the login to a TLS connection (RFC 5056): its name, a colon and its value. */
  readonly binding?: Uint8Array | undefined;
  readonly credentials: GssCredentials;
}

const { ptr: pointer, u32, i32 } = FFIType;
const functions = {
  gss_import_name: { args: [pointer, pointer, pointer, pointer], returns: u32 },
  gss_release_name: { args: [pointer, pointer], returns: u32 },
  gss_acquire_cred: {
    args: [pointer, pointer, u32, pointer, i32, pointer, pointer, pointer],
    returns: u32,
  },
  gss_release_cred: { args: [pointer, pointer], returns: u32 },
  gss_init_sec_context: {
    args: [
      ...[pointer, pointer, pointer, pointer, pointer, u32, u32],
      ...[pointer, pointer, pointer, pointer, pointer, pointer],
    ],
    returns: u32,
  },
  gss_delete_sec_context: { args: [pointer, pointer, pointer], returns: u32 },
  gss_wrap: { args: [pointer, pointer, i32, u32, pointer, pointer, pointer], returns: u32 },
  gss_unwrap: { args: [pointer, pointer, pointer, pointer, pointer, pointer], returns: u32 },
  gss_release_buffer: { args: [pointer, pointer], returns: u32 },
  gss_display_status: { args: [pointer, u32, i32, pointer, pointer, pointer], returns: u32 },
} as const;
/** In MIT Kerberos since 1.11; older libraries, and Apple's, do not have it. */
const extension = {
  gss_acquire_cred_from: {
    args: [pointer, pointer, u32, pointer, i32, pointer, pointer, pointer, pointer],
    returns: u32,
  },
} as const;

/** The library, and what only some have. */
interface Library {
  readonly file: string;
  readonly symbols: ReturnType<typeof dlopen<typeof functions>>["symbols"];
  readonly extended: ReturnType<typeof dlopen<typeof extension>>["symbols"] | undefined;
}

const oids = {
  kerberos: gssOid("2a864886f712010202"),
  negotiate: gssOid("2b0601050502"),
  hostBasedService: gssOid("2a864886f71201020104"),
  principalName: gssOid("2a864886f71201020201"),
} as const;

/** Values of gssapi.h. */
const initiate = 1;
const anyLifetime = 0;
const flags = { mutual: 2, replay: 4, sequence: 8, confidential: 16, integrity: 32 };
const continueNeeded = 1;
/** KRB5_CC_NOTFOUND and KRB5_FCC_NOFILE of krb5_err.et. */
const noTickets = new Set([-1765328243, -1765328189]);
/** The upper half of a major status has the errors; the rest says something beside. */
const errorBits = 0xffff0000;
const majorText = 1;
const minorText = 2;

/** Where the library is, by the names of MIT Kerberos and of Heimdal. */
function libraryFiles(): readonly string[] {
  if (process.platform === "darwin") return ["/System/Library/Frameworks/GSS.framework/GSS"];
  const machine = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  // Only what the system owns is loaded: a bare name is looked for in the working directory too.
  const folders = [`/usr/lib/${machine}`, "/usr/lib64", "/usr/lib", `/lib/${machine}`, "/lib"];
  const names = ["libgssapi_krb5.so.2", "libgssapi.so.3"];
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}`)).filter(existsSync);
}

const noLibrary = "this system has no Kerberos library";

/** Libraries by their files. They stay loaded: tickets in memory are theirs, and go with them. */
const loaded = new Map<string, Library>();

function loadExtension(file: string): Library["extended"] {
  try {
    return dlopen(file, extension).symbols;
  } catch {
    // It is asked for when it is needed.
    return undefined;
  }
}

function loadLibrary(): Library {
  const [file] = libraryFiles();
  if (file === undefined) throw new GssError("library", noLibrary);
  const known = loaded.get(file);
  if (known !== undefined) return known;
  try {
    const { symbols } = dlopen(file, functions);
    const library = { file, symbols, extended: loadExtension(file) };
    loaded.set(file, library);
    return library;
  } catch (thrown) {
    throw new GssError("library", `${noLibrary} that can be used: ${messageOf(thrown)}`);
  }
}

/** A login through the library. */
class GssContext implements SealingContext {
  readonly #library: Library;
  readonly #login: GssLogin;
  readonly #minor = Buffer.alloc(4);
  readonly #flags = Buffer.alloc(4);
  readonly #context = new GssHandle();
  readonly #credentials = new GssHandle();
  readonly #target = new GssHandle();
  readonly #bindings: GssStruct | undefined;
  #isComplete = false;

  constructor(library: Library, login: GssLogin) {
    this.#library = library;
    this.#login = login;
    const { binding } = login;
    this.#bindings = binding === undefined ? undefined : gssChannelBindings(binding);
  }

  /** Gets the name of the service and the credentials. */
  begin(): void {
    const { target, credentials } = this.#login;
    if (target.includes("@")) this.#importName(target, oids.principalName, this.#target);
    else this.#importName(target.replace("/", "@"), oids.hostBasedService, this.#target);
    const { principal, keytab, ccache } = credentials;
    if (principal === "" && keytab === "" && ccache === "") return;
    const name = new GssHandle();
    if (principal !== "") this.#importName(principal, oids.principalName, name);
    try {
      this.#acquire(name, credentials);
    } finally {
      if (name.value !== null) {
        this.#library.symbols.gss_release_name(ptr(this.#minor), name.place);
      }
    }
  }

  #acquire(name: GssHandle, { keytab, ccache, principal }: GssCredentials): void {
    const mechanisms = gssOidSet(oids[this.#login.mechanism]);
    const common = [ptr(this.#minor), name.value, anyLifetime, mechanisms.pointer] as const;
    const handle = this.#credentials.place;
    if (keytab === "" && ccache === "") {
      const { gss_acquire_cred } = this.#library.symbols;
      return this.#check(gss_acquire_cred(...common, initiate, handle, null, null));
    }
    const store = gssKeyValues({
      // Tickets of a keytab are kept in memory, and for the next connection too.
      ccache: ccache !== "" ? ccache : `MEMORY:agent ${keytab} ${principal}`,
      ...(keytab === "" ? {} : { client_keytab: keytab }),
    });
    const { file, extended } = this.#library;
    if (extended === undefined) {
      throw new GssError(
        "store",
        `${file} takes neither a keytab nor a credential cache by its name`,
      );
    }
    const { gss_acquire_cred_from } = extended;
    const major = gss_acquire_cred_from(...common, initiate, store.pointer, handle, null, null);
    // The library looks for tickets then, and its words are about those.
    if (keytab !== "" && noTickets.has(this.#minor.readInt32LE(0))) {
      const whose = principal === "" ? "" : ` of ${principal}`;
      throw new GssError("keytab", `there are no keys${whose} in ${keytab}`);
    }
    this.#check(major);
  }

  next(answer?: Uint8Array): Uint8Array {
    const { mechanism, seal } = this.#login;
    const layer = seal ? flags.confidential | flags.integrity : 0;
    const wanted = flags.mutual | flags.replay | flags.sequence | layer;
    const input = answer === undefined ? undefined : gssBuffer(answer);
    const output = gssBuffer();
    const major = this.#library.symbols.gss_init_sec_context(
      ...[ptr(this.#minor), this.#credentials.value, this.#context.place] as const,
      ...[this.#target.value, oids[mechanism].pointer, wanted, anyLifetime] as const,
      ...[this.#bindings?.pointer ?? null, input?.pointer ?? null, null] as const,
      ...[output.pointer, ptr(this.#flags), null] as const,
    );
    // Beside an error there may be a token for the other side, of no use to us.
    const token = this.#take(output);
    try {
      this.#check(major);
    } catch (thrown) {
      throw answer === undefined ? explainNegotiation(this.#login, thrown) : thrown;
    }
    this.#isComplete = (major & continueNeeded) === 0;
    if (
      this.#isComplete &&
      (this.#flags.readUInt32LE(0) & (flags.mutual | layer)) !== (flags.mutual | layer)
    ) {
      throw new GssError("unprotected", "the login gives less protection than is needed");
    }
    return token;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  wrap(message: Uint8Array, seal: boolean): Uint8Array {
    const input = gssBuffer(message);
    const output = gssBuffer();
    const sealed = Buffer.alloc(4);
    const major = this.#library.symbols.gss_wrap(
      ...[ptr(this.#minor), this.#context.value, seal ? 1 : 0, 0] as const,
      ...[input.pointer, ptr(sealed), output.pointer] as const,
    );
    const token = this.#take(output);
    this.#check(major);
    if (seal && sealed.readInt32LE(0) === 0) {
      throw new GssError("unprotected", "the message was not encrypted");
    }
    return token;
  }

  unwrap(token: Uint8Array, sealed: boolean): Uint8Array {
    const input = gssBuffer(token);
    const output = gssBuffer();
    const wasSealed = Buffer.alloc(4);
    const major = this.#library.symbols.gss_unwrap(
      ...[ptr(this.#minor), this.#context.value, input.pointer, output.pointer] as const,
      ...[ptr(wasSealed), null] as const,
    );
    const message = this.#take(output);
    // Here what is beside an error is one too: a message that was replayed or left out.
    if (major !== 0) this.#fail(major);
    if (sealed && wasSealed.readInt32LE(0) === 0) {
      throw new GssError("unprotected", "a message is not encrypted");
    }
    return message;
  }

  close(): void {
    const { gss_delete_sec_context, gss_release_cred, gss_release_name } = this.#library.symbols;
    const minor = ptr(this.#minor);
    if (this.#context.value !== null) gss_delete_sec_context(minor, this.#context.place, null);
    if (this.#credentials.value !== null) gss_release_cred(minor, this.#credentials.place);
    if (this.#target.value !== null) gss_release_name(minor, this.#target.place);
  }

  #importName(text: string, type: GssStruct, handle: GssHandle): void {
    const name = gssBuffer(Buffer.from(text));
    const { gss_import_name } = this.#library.symbols;
    this.#check(
      gss_import_name(ptr(this.#minor), name.pointer, type.pointer, handle.place),
    );
  }

  /** What is in a buffer of the library's, which is freed. */
  #take(buffer: GssStruct): Uint8Array {
    const content = readGssBuffer(buffer);
    this.#library.symbols.gss_release_buffer(ptr(Buffer.alloc(4)), buffer.pointer);
    return content;
  }

  #check(major: number): void {
    if ((major & errorBits) !== 0) this.#fail(major);
  }

  #fail(major: number): never {
    const minor = this.#minor.readUInt32LE(0);
    const text = (minor === 0 ? "" : this.#text(minor, minorText)) || this.#text(major, majorText);
    throw new GssError("refused", text, major >>> 0, minor);
  }

  #text(status: number, type: number): string {
    const buffer = gssBuffer();
    const more = Buffer.alloc(4);
    this.#library.symbols.gss_display_status(
      ...[ptr(Buffer.alloc(4)), status, type, oids.kerberos.pointer] as const,
      ...[ptr(more), buffer.pointer] as const,
    );
    return Buffer.from(this.#take(buffer)).toString().replaceAll("\0", "");
  }
}

/** SPNEGO says that nothing can be negotiated, and not why: Kerberos alone does. */
function explainNegotiation(login: GssLogin, thrown: unknown): unknown {
  if (login.mechanism === "kerberos" || !(thrown instanceof GssError)) return thrown;
  const context = new GssContext(loadLibrary(), { ...login, mechanism: "kerberos" });
  try {
    context.begin();
    context.next();
    return thrown;
  } catch (reason) {
    return reason;
  } finally {
    context.close();
  }
}

/**
 * Begins a login.
 *
 * @throws {GssError} When there is no library, no ticket and no way to get one.
 */
export function openGss(login: GssLogin): SealingContext {
  const context = new GssContext(loadLibrary(), login);
  try {
    context.begin();
    return context;
  } catch (error) {
    context.close();
    throw explainNegotiation(login, error);
  }
}
