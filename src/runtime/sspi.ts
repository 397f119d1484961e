/**
 * Logins as the person or service that runs the program, through Windows' Security Support Provider
 * Interface (secur32.dll): Kerberos where it can be had, else NTLM.
 *
 * @module
 */

import { dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
import { systemFile } from "./windows_system.ts";
import { toWideText } from "./wide_text.ts";

/** One login: hands out the tokens that the other side is to be sent. */
export interface SecurityContext {
  /**
   * The next token.
   *
   * @param answer The other side's answer to the last one; absent at first.
   * @throws {SspiError} When Windows does not give one.
   */
  next(answer?: Uint8Array): Uint8Array;
  /** Whether Windows expects no further answer of the other side. */
  readonly isComplete: boolean;
  /** Gives back what Windows holds for this login. */
  close(): void;
}

/** A login that also protects what is sent after it. */
export interface SealingContext extends SecurityContext {
  /**
   * A message as it is sent: signed, or encrypted too.
   *
   * @throws {SspiError} Or `GssError` elsewhere, when there is no login or no key.
   */
  wrap(message: Uint8Array, seal: boolean): Uint8Array;
  /**
   * A message that was received, once its signature was checked.
   *
   * @param sealed Whether one that is not encrypted is refused.
   * @throws {SspiError} Or `GssError` elsewhere, when it was changed, replayed or left out.
   */
  unwrap(token: Uint8Array, sealed: boolean): Uint8Array;
}

/** Windows refused, with its own number for why. */
export class SspiError extends Error {
  override name = "SspiError";
  /** The SECURITY_STATUS, unsigned. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(`${message} [0x${status.toString(16).toUpperCase().padStart(8, "0")}]`);
    this.status = status;
  }
}

const { ptr: pointer, u32, i32 } = FFIType;
const functions = {
  AcquireCredentialsHandleW: {
    args: [pointer, pointer, u32, pointer, pointer, pointer, pointer, pointer, pointer],
    returns: i32,
  },
  InitializeSecurityContextW: {
    args: [
      ...[pointer, pointer, pointer, u32, u32, u32],
      ...[pointer, u32, pointer, pointer, pointer, pointer],
    ],
    returns: i32,
  },
  CompleteAuthToken: { args: [pointer, pointer], returns: i32 },
  DeleteSecurityContext: { args: [pointer], returns: i32 },
  FreeCredentialsHandle: { args: [pointer], returns: i32 },
} as const;

/** What only those logins need that protect messages. */
const messageFunctions = {
  QueryContextAttributesW: { args: [pointer, u32, pointer], returns: i32 },
  EncryptMessage: { args: [pointer, u32, pointer, u32], returns: i32 },
  DecryptMessage: { args: [pointer, pointer, u32, pointer], returns: i32 },
} as const;

/** Values of sspi.h. */
const outbound = 2;
const nativeDataRepresentation = 0x10;
const dataBuffer = 1;
const tokenBuffer = 2;
const paddingBuffer = 9;
const streamBuffer = 10;
const channelBindingsBuffer = 14;
/** Length of SEC_CHANNEL_BINDINGS, behind which its application data stands. */
const bindingsLength = 32;
/** Mutual authentication, replay and sequence detection, a connection, integrity. */
const requirements = 0x2 | 0x4 | 0x8 | 0x800 | 0x10000;
const confidentiality = 0x10;
/** SECPKG_ATTR_SIZES, and where SecPkgContext_Sizes has what a message grows by. */
const sizesAttribute = 0;
const sizesLength = 16;
const blockOffset = 8;
const trailerOffset = 12;
/** SECQOP_WRAP_NO_ENCRYPT: a signature alone. */
const signedOnly = 0x80000001;
const status = {
  ok: 0,
  continue: 0x00090312,
  complete: 0x00090313,
  completeAndContinue: 0x00090314,
};
/** Tokens of Kerberos grow with the groups of the account: MaxTokenSize is 48,000 as a rule. */
const longestToken = 65_536;

const meanings: Readonly<Record<number, string>> = {
  0x80090302: "Windows does not support what the login needs",
  0x80090303: "the name of the service is not known there",
  0x80090304: "the Local Security Authority does not answer",
  0x80090305: "Windows has no such security package",
  0x80090308: "the answer of the server is not what this login expects",
  0x8009030c: "the login was refused",
  0x8009030d: "the credentials of the account that runs the agent are not accepted",
  0x8009030e: "the account that runs the agent has no credentials that could be used",
  0x80090311: "no domain controller could be reached",
  0x80090322: "the name of the service belongs to another account",
  0x80090324: "the clocks of this computer and of the domain controller differ",
  0x80090346: "the encrypted connection does not end at the server that checks the login",
};

type Library = ReturnType<typeof dlopen<typeof functions>>;
type MessageLibrary = ReturnType<typeof dlopen<typeof messageFunctions>>;

function address(bytes: Uint8Array): bigint {
  return BigInt(ptr(bytes));
}

interface Content {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A SecBufferDesc with its SecBuffers; all must be kept for as long as Windows looks at them. */
class SecurityBuffers {
  readonly description = Buffer.alloc(16);
  readonly #buffers: Buffer;
  readonly #contents: readonly Content[];

  constructor(contents: readonly Content[]) {
    this.#contents = contents;
    this.#buffers = Buffer.alloc(16 * contents.length);
    for (const [index, { type, bytes }] of contents.entries()) {
      this.#buffers.writeUInt32LE(bytes.length, 16 * index);
      this.#buffers.writeUInt32LE(type, 16 * index + 4);
      this.#buffers.writeBigUInt64LE(address(bytes), 16 * index + 8);
    }
    this.description.writeUInt32LE(contents.length, 4);
    this.description.writeBigUInt64LE(address(this.#buffers), 8);
  }

  /** What Windows wrote into the first, or another. */
  written(index = 0): Uint8Array {
    const length = this.#buffers.readUInt32LE(16 * index);
    return this.#contents[index]?.bytes.slice(0, length) ?? new Uint8Array();
  }

  /** What a buffer points at, where Windows has made it point into the first. */
  pointed(index: number): Uint8Array {
    const [first] = this.#contents;
    if (first === undefined) return new Uint8Array();
    const length = this.#buffers.readUInt32LE(16 * index);
    const offset = Number(this.#buffers.readBigUInt64LE(16 * index + 8) - address(first.bytes));
    return length === 0 ? new Uint8Array() : first.bytes.slice(offset, offset + length);
  }
}

/** SEC_CHANNEL_BINDINGS without addresses. */
function channelBindings(data: Uint8Array): Content {
  const bytes = Buffer.alloc(bindingsLength + data.length);
  bytes.writeUInt32LE(data.length, 24);
  bytes.writeUInt32LE(bindingsLength, 28);
  bytes.set(data, bindingsLength);
  return { type: channelBindingsBuffer, bytes };
}

class SspiContext implements SealingContext {
  readonly #library: Library;
  readonly #target: Buffer;
  readonly #packageName: SecurityPackage;
  readonly #bindings: readonly Content[];
  readonly #requirements: number;
  readonly #credentials = Buffer.alloc(16);
  readonly #context = Buffer.alloc(16);
  readonly #expiry = Buffer.alloc(8);
  readonly #attributes = Buffer.alloc(4);
  #messages: MessageLibrary | undefined;
  #started = false;
  #isComplete = false;
  #isClosed = false;

  constructor(library: Library, { target, packageName, binding, seal = false }: SspiLogin) {
    this.#library = library;
    this.#target = toWideText(target);
    this.#packageName = packageName;
    this.#bindings = binding === undefined ? [] : [channelBindings(binding)];
    this.#requirements = seal ? requirements | confidentiality : requirements;
    const name = toWideText(packageName);
    const code = library.symbols.AcquireCredentialsHandleW(
      ...[null, ptr(name), outbound, null, null, null, null] as const,
      ...[ptr(this.#credentials), ptr(this.#expiry)] as const,
    );
    check(code >>> 0, `Windows returns no credentials for ${packageName}`);
  }

  next(answer?: Uint8Array): Uint8Array {
    const input = this.#input(answer);
    const output = new SecurityBuffers([{
      type: tokenBuffer,
      bytes: new Uint8Array(longestToken),
    }]);
    const context: Pointer | null = this.#started ? ptr(this.#context) : null;
    const code = this.#library.symbols.InitializeSecurityContextW(
      ...[ptr(this.#credentials), context, ptr(this.#target), this.#requirements, 0] as const,
      ...[
        nativeDataRepresentation,
        input === undefined ? null : ptr(input.description),
        0,
      ] as const,
      ...[ptr(this.#context), ptr(output.description), ptr(this.#attributes)] as const,
      ptr(this.#expiry),
    ) >>> 0;
    check(
      code,
      answer === undefined
        ? "Windows returns no token"
        : "Windows does not accept the answer of the server",
    );
    this.#started = true;
    this.#isComplete = code === status.ok || code === status.complete;
    if (code === status.complete || code === status.completeAndContinue) {
      const { CompleteAuthToken } = this.#library.symbols;
      const completed = CompleteAuthToken(ptr(this.#context), ptr(output.description)) >>> 0;
      check(completed, "Windows does not complete the token");
    }
    return output.written();
  }

  /** The first token of NTLM depends on nothing, those of Kerberos on the channel, too. */
  #input(answer: Uint8Array | undefined): SecurityBuffers | undefined {
    if (answer !== undefined) {
      const token = { type: tokenBuffer, bytes: new Uint8Array(answer) };
      return new SecurityBuffers([token, ...this.#bindings]);
    }
    if (this.#packageName === "NTLM" || this.#bindings.length === 0) return undefined;
    return new SecurityBuffers(this.#bindings);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  #messageSymbols(): MessageLibrary["symbols"] {
    this.#messages ??= dlopen(systemFile("secur32.dll"), messageFunctions);
    return this.#messages.symbols;
  }

  wrap(message: Uint8Array, seal: boolean): Uint8Array {
    const { QueryContextAttributesW, EncryptMessage } = this.#messageSymbols();
    const sizes = Buffer.alloc(sizesLength);
    const asked = QueryContextAttributesW(ptr(this.#context), sizesAttribute, ptr(sizes));
    check(asked >>> 0, "Windows does not say how a message grows");
    const buffers = new SecurityBuffers([
      { type: tokenBuffer, bytes: new Uint8Array(sizes.readUInt32LE(trailerOffset)) },
      { type: dataBuffer, bytes: new Uint8Array(message) },
      { type: paddingBuffer, bytes: new Uint8Array(sizes.readUInt32LE(blockOffset)) },
    ]);
    const code = EncryptMessage(
      ptr(this.#context),
      seal ? 0 : signedOnly,
      ptr(buffers.description),
      0,
    );
    check(code >>> 0, "Windows does not protect a message");
    return Buffer.concat([0, 1, 2].map((index) => buffers.written(index)));
  }

  unwrap(token: Uint8Array, sealed: boolean): Uint8Array {
    const buffers = new SecurityBuffers([
      { type: streamBuffer, bytes: new Uint8Array(token) },
      { type: dataBuffer, bytes: new Uint8Array(1) },
    ]);
    const quality = Buffer.alloc(4);
    const { DecryptMessage } = this.#messageSymbols();
    const code = DecryptMessage(ptr(this.#context), ptr(buffers.description), 0, ptr(quality));
    const what = "Windows does not accept a message of the server";
    check(code >>> 0, what);
    if (sealed && quality.readUInt32LE(0) === signedOnly) {
      throw new SspiError(`${what}: it is not encrypted`, code >>> 0);
    }
    return buffers.pointed(1);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { DeleteSecurityContext, FreeCredentialsHandle } = this.#library.symbols;
    if (this.#started) DeleteSecurityContext(ptr(this.#context));
    FreeCredentialsHandle(ptr(this.#credentials));
    this.#messages?.close();
    this.#library.close();
  }
}

function check(code: number, what: string): void {
  if (Object.values(status).includes(code)) return;
  const meaning = meanings[code];
  throw new SspiError(meaning === undefined ? what : `${what}: ${meaning}`, code);
}

/** Whether this system can vouch for the account that runs the program. */
export function hasSspi(): boolean {
  return process.platform === "win32";
}

/** `Negotiate` takes Kerberos where it can be had, else NTLM. */
export type SecurityPackage = "Negotiate" | "Kerberos" | "NTLM";

/** Where the account that runs the program logs in, and how. */
export interface SspiLogin {
  /** Name of the service, for example `MSSQLSvc/db.example.com:1433`. */
  readonly target: string;
  readonly packageName: SecurityPackage;
  /** Application data of the channel binding, where the connection is encrypted. */
  readonly binding?: Uint8Array | undefined;
  /** Whether messages are to be encrypted after the login. */
  readonly seal?: boolean;
}

/**
 * Begins a login.
 *
 * @throws {SspiError} When Windows does not let the account log in elsewhere.
 */
export function openSspi(login: SspiLogin): SealingContext {
  const library = dlopen(systemFile("secur32.dll"), functions);
  try {
    return new SspiContext(library, login);
  } catch (error) {
    library.close();
    throw error;
  }
}
