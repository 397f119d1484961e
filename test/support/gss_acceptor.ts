/**
 * The other side of a login by Kerberos: what a service does with a token, through MIT Kerberos.
 *
 * @module
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { existsSync } from "node:fs";
import {
  gssBuffer,
  gssChannelBindings,
  GssHandle,
  gssKeyValues,
  readGssBuffer,
} from "../../src/runtime/gss_memory.ts";

const { ptr: pointer, u32, i32 } = FFIType;
const functions = {
  gss_acquire_cred_from: {
    args: [pointer, pointer, u32, pointer, i32, pointer, pointer, pointer, pointer],
    returns: u32,
  },
  gss_accept_sec_context: {
    args: [
      ...[pointer, pointer, pointer, pointer, pointer, pointer],
      ...[pointer, pointer, pointer, pointer, pointer],
    ],
    returns: u32,
  },
  gss_display_name: { args: [pointer, pointer, pointer, pointer], returns: u32 },
} as const;

const accept = 2;

/** What a service makes of a token. */
export interface Accepted {
  /** `name@REALM`; nothing when the token is not accepted. */
  readonly user: string | undefined;
  /** What is to be sent back. */
  readonly answer: Uint8Array;
}

/** Where the library is on Debian. */
function libraryFile(): string {
  const files = ["x86_64", "aarch64"].map((machine) =>
    `/usr/lib/${machine}-linux-gnu/libgssapi_krb5.so.2`
  );
  const file = files.find((each) => existsSync(each));
  if (file === undefined) throw new Error("These tests need libgssapi-krb5-2.");
  return file;
}

/**
 * Begins to accept logins as the service whose keys are in a keytab.
 *
 * @param binding What logins must be tied to.
 */
export function openAcceptor(
  keytab: string,
): (token: Uint8Array, binding?: Uint8Array) => Accepted {
  const { symbols } = dlopen(libraryFile(), functions);
  const minor = Buffer.alloc(4);
  const credentials = new GssHandle();
  const store = gssKeyValues({ keytab, rcache: "none:" });
  const acquired = symbols.gss_acquire_cred_from(
    ...[ptr(minor), null, 0, null, accept, store.pointer] as const,
    ...[credentials.place, null, null] as const,
  );
  if (acquired !== 0) throw new Error(`no credentials of ${keytab}: ${acquired}`);
  return (token, binding) => {
    const context = new GssHandle();
    const source = new GssHandle();
    const input = gssBuffer(token);
    const bindings = binding === undefined ? undefined : gssChannelBindings(binding);
    const output = gssBuffer();
    const major = symbols.gss_accept_sec_context(
      ...[ptr(minor), context.place, credentials.value, input.pointer] as const,
      ...[bindings?.pointer ?? null, source.place, null, output.pointer, null, null, null] as const,
    );
    const answer = readGssBuffer(output);
    if (major !== 0) return { user: undefined, answer };
    const name = gssBuffer();
    symbols.gss_display_name(ptr(minor), source.value, name.pointer, null);
    return { user: Buffer.from(readGssBuffer(name)).toString(), answer };
  };
}
