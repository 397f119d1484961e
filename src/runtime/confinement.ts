/**
 * Takes away from the own process what it does not need any more: on Linux by the kernel's means
 * (prctl(2), capabilities(7), setrlimit(2), seccomp(2)), called in the C library. Nothing of it can be
 * taken back.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { dlopen, FFIType, ptr } from "bun:ffi";
import { deniedSyscalls } from "./denied_syscalls.ts";

/** What was taken away; false where the system does not offer it. */
export interface Confinement {
  /** No program that is started gains rights: no set-user-ID, no file capabilities. */
  readonly noNewPrivileges: boolean;
  /** The rights of root are gone, also when the process runs as root. */
  readonly capabilities: boolean;
  /** No core dumps, no growing files, no more open files. */
  readonly limits: boolean;
  /** No files, network, programs or other processes: those system calls fail with EPERM. */
  readonly syscalls: boolean;
}

const { i32, i64, ptr: pointer } = FFIType;
const functions = {
  getpid: { args: [], returns: i32 },
  getuid: { args: [], returns: i32 },
  setgroups: { args: [i64, pointer], returns: i32 },
  setresgid: { args: [i32, i32, i32], returns: i32 },
  setresuid: { args: [i32, i32, i32], returns: i32 },
  prctl: { args: [i32, i64, i64, i64, i64], returns: i32 },
  setrlimit: { args: [i32, pointer], returns: i32 },
  syscall: { args: [i64, i64, i64, pointer], returns: i64 },
} as const;

type Libc = ReturnType<typeof dlopen<typeof functions>>["symbols"];

/** Calls that the filter looks at more closely, and those that set the confinement up. */
interface SyscallTable {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly audit: number;
  readonly capset: number;
  readonly clone: number;
  readonly clone3: number;
  readonly prlimit64: number;
  readonly seccomp: number;
  readonly tgkill: number;
  readonly tkill: number;
  readonly denied: readonly number[];
}

function numbers(column: 0 | 1): number[] {
  return Object.values(deniedSyscalls).flatMap((row) => row[column] ?? []);
}

const tables: Readonly<Record<string, SyscallTable>> = {
  x64: {
    audit: 0xc000003e,
    capset: 126,
    clone: 56,
    clone3: 435,
    prlimit64: 302,
    seccomp: 317,
    tgkill: 234,
    tkill: 200,
    denied: numbers(0),
  },
  arm64: {
    audit: 0xc00000b7,
    capset: 91,
    clone: 220,
    clone3: 435,
    prlimit64: 261,
    seccomp: 277,
    tgkill: 131,
    tkill: 130,
    denied: numbers(1),
  },
};

/** Values of linux/prctl.h. */
const setNoNewPrivileges = 38;
const dropFromBounding = 24;
const changeAmbient = 47;
const clearAmbient = 4;
const lastCapability = 63;
/** The account of those who own nothing: the same number everywhere (kernel/user.c, overflowuid). */
const nobody = 65_534;

/** Values of asm-generic/resource.h, with the limit that each gets. */
const limits: readonly (readonly [resource: number, limit: bigint])[] = [
  [1, 0n], // RLIMIT_FSIZE; pipes are no files that grow
  [4, 0n], // RLIMIT_CORE
  [7, 64n], // RLIMIT_NOFILE
];

/** Instructions of linux/bpf_common.h: load a word, compare it, return. */
const load = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const jumpIfAnyBit = 0x45;
const answer = 0x06;

/** Answers of linux/seccomp.h. */
const allow = 0x7fff0000;
const failWithEperm = 0x00050001;
/** The C library then falls back to clone(2), whose flags a filter can read. */
const failWithEnosys = 0x00050026;

/** Offsets in `struct seccomp_data`; the lower half of an argument comes first. */
const callNumber = 0;
const architecture = 4;
const firstArgument = 16;

/** The bit of the x32 interface, which has numbers of its own. */
const x32 = 0x40000000;
const cloneThread = 0x10000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Compares the first argument of one call, and answers. */
function onArgument(call: number, jump: number, value: number): Instruction[] {
  return [
    [jumpIfEqual, 0, 4, call],
    [load, 0, 0, firstArgument],
    [jump, 1, 0, value],
    [answer, 0, 0, failWithEperm],
    [answer, 0, 0, allow],
  ];
}

function filterProgram(table: SyscallTable, pid: number, isMusl: boolean): Instruction[] {
  return [
    [load, 0, 0, architecture],
    [jumpIfEqual, 1, 0, table.audit],
    [answer, 0, 0, failWithEperm],
    [load, 0, 0, callNumber],
    [jumpIfAtLeast, 0, 1, x32],
    [answer, 0, 0, failWithEperm],
    [jumpIfEqual, 0, 1, table.clone3],
    [answer, 0, 0, failWithEnosys],
    // Threads, and signals between them, are what the JavaScript engine lives on.
    ...onArgument(table.clone, jumpIfAnyBit, cloneThread),
    ...onArgument(table.tgkill, jumpIfEqual, pid),
    ...onArgument(table.prlimit64, jumpIfEqual, 0),
    // musl signals its threads by this call, glibc never does.
    ...[...table.denied, ...isMusl ? [] : [table.tkill]].flatMap((call): Instruction[] => [
      [jumpIfEqual, 0, 1, call],
      [answer, 0, 0, failWithEperm],
    ]),
    [answer, 0, 0, allow],
  ];
}

/** `struct sock_filter` after `struct sock_filter`. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value, true);
  });
  return bytes;
}

/** Fails the denied calls in all threads; needs that no new privileges can be gained. */
function denySyscalls(libc: Libc, table: SyscallTable, isMusl: boolean): boolean {
  const filter = encode(filterProgram(table, libc.getpid(), isMusl));
  const program = new BigUint64Array([BigInt(filter.length / 8), BigInt(ptr(filter))]);
  const [setModeFilter, synchroniseThreads] = [1, 1];
  const result = libc.syscall(table.seccomp, setModeFilter, synchroniseThreads, ptr(program));
  return Number(result) === 0;
}

/** Whether this process has CAP_KILL, and thereby its parent, whose rights it began with. */
function mayKillOthers(): boolean {
  const status = readFileSync("/proc/self/status", "utf8");
  const [, digits = "0"] = /^CapEff:\s*(\w+)$/m.exec(status) ?? [];
  return (BigInt(`0x${digits}`) & (1n << 5n)) !== 0n;
}

/**
 * The kernel knows capabilities by thread, and some threads are there already: by giving up the account
 * root, which the C library does in all of them, all lose them.
 */
function leaveRoot(libc: Libc): void {
  // A parent that is root, but without that right, could not end this process any more.
  if (libc.getuid() !== 0 || !mayKillOthers()) return;
  libc.setgroups(0, null);
  libc.setresgid(nobody, nobody, nobody);
  libc.setresuid(nobody, nobody, nobody);
}

function dropCapabilities(libc: Libc, table: SyscallTable): boolean {
  for (let one = 0; one <= lastCapability; one++) libc.prctl(dropFromBounding, one, 0, 0, 0);
  libc.prctl(changeAmbient, clearAmbient, 0, 0, 0);
  leaveRoot(libc);
  const header = new Uint32Array([0x20080522, 0]); // _LINUX_CAPABILITY_VERSION_3, this thread
  const none = new Uint32Array(6);
  return Number(libc.syscall(table.capset, ptr(header), ptr(none), null)) === 0;
}

function limitResources(libc: Libc): boolean {
  return limits.map(([resource, limit]) =>
    libc.setrlimit(resource, ptr(new BigUint64Array([limit, limit])))
  ).every((result) => result === 0);
}

/** The C library: that of glibc, else that of musl. */
function openLibc(): { readonly libc: Libc; readonly isMusl: boolean } | undefined {
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  for (const name of ["libc.so.6", `libc.musl-${machine}.so.1`]) {
    try {
      return { libc: dlopen(name, functions).symbols, isMusl: name.includes("musl") };
    } catch {
      // The other library, then; with neither, the process goes on as it is.
    }
  }
  return undefined;
}

const nothing: Confinement = {
  noNewPrivileges: false,
  capabilities: false,
  limits: false,
  syscalls: false,
};

/** Confines this process, as far as the system lets it. Never throws. */
export function confineProcess(): Confinement {
  const table = tables[process.arch];
  const opened = process.platform === "linux" && table !== undefined ? openLibc() : undefined;
  if (opened === undefined || table === undefined) return nothing;
  const { libc, isMusl } = opened;
  const noNewPrivileges = libc.prctl(setNoNewPrivileges, 1, 0, 0, 0) === 0;
  const capabilities = dropCapabilities(libc, table);
  const limits = limitResources(libc);
  const syscalls = noNewPrivileges && denySyscalls(libc, table, isMusl);
  return { noNewPrivileges, capabilities, limits, syscalls };
}
