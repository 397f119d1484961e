/**
 * Reads Windows' text form of security descriptors, from Microsoft's "Security Descriptor String
 * Format", "ACE Strings", "SID Strings" and "Well-known SIDs".
 *
 * @module
 */

/** One entry of an access control list that gives rights. */
interface Grant {
  /** Whether it is only for what is made in the folder later. */
  readonly isInheritOnly: boolean;
  readonly rights: bigint;
  /** As it is written: two letters, or `S-1-…`. */
  readonly sid: string;
}

/** What a security descriptor says of access. */
export interface SecurityDescriptor {
  /** Absent when it was not asked for. */
  readonly owner: string | undefined;
  /** Absent when there is no list at all: then everybody may do everything. */
  readonly grants: readonly Grant[] | undefined;
}

/** Groups that hold many people or programs, by their names in SDDL and as SIDs. */
const broad: Readonly<Record<string, string>> = {
  WD: "Everyone",
  "S-1-1-0": "Everyone",
  AU: "Authenticated Users",
  "S-1-5-11": "Authenticated Users",
  BU: "Users",
  "S-1-5-32-545": "Users",
  PU: "Power Users",
  "S-1-5-32-547": "Power Users",
  IU: "interactive users",
  "S-1-5-4": "interactive users",
  NU: "network logons",
  "S-1-5-2": "network logons",
  "S-1-5-3": "batch logons",
  SU: "service logons",
  "S-1-5-6": "service logons",
  "S-1-5-14": "remote interactive users",
  "S-1-2-0": "local logons",
  "S-1-5-113": "all local accounts",
  AN: "anonymous logins",
  "S-1-5-7": "anonymous logins",
  BG: "Guests",
  "S-1-5-32-546": "Guests",
  RU: "accounts compatible with Windows NT",
  "S-1-5-32-554": "accounts compatible with Windows NT",
  AC: "all app packages",
  "S-1-15-2-1": "all app packages",
  "S-1-15-2-2": "all restricted app packages",
  DU: "all users of the domain",
  DG: "guests of the domain",
  DC: "all computers of the domain",
};
/** The same of a domain, by the end of their SIDs: a member server does not abbreviate them. */
const broadOfDomain: Readonly<Record<string, string>> = {
  "513": "all users of the domain",
  "514": "guests of the domain",
  "515": "all computers of the domain",
};

/** Who administers a machine, and Windows itself; CREATOR OWNER means who made the file. */
const administrators = new Set([
  ...["SY", "S-1-5-18", "BA", "S-1-5-32-544", "LA", "DA", "EA", "CO", "S-1-3-0", "OW", "S-1-3-4"],
  // NT SERVICE\TrustedInstaller, which owns the files of Windows.
  "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
]);
/** Administrator, Domain Admins and Enterprise Admins, by the end of their SIDs. */
const administratorsOfDomain = /^S-1-5-21-[\d-]+-(500|512|519)$/;

/** The words for rights: of files, generic, standard, and the bits of a directory object. */
const rightsByWord: Readonly<Record<string, bigint>> = {
  ...{ GA: 0x1000_0000n, GR: 0x8000_0000n, GW: 0x4000_0000n, GX: 0x2000_0000n },
  ...{ FA: 0x1f_01ffn, FR: 0x12_0089n, FW: 0x12_0116n, FX: 0x12_00a0n },
  ...{ RC: 0x2_0000n, SD: 0x1_0000n, WD: 0x4_0000n, WO: 0x8_0000n },
  ...{ CC: 0x1n, DC: 0x2n, LC: 0x4n, SW: 0x8n, RP: 0x10n, WP: 0x20n },
  ...{ DT: 0x40n, LO: 0x80n, CR: 0x100n },
};

/** FILE_READ_DATA, GENERIC_READ and GENERIC_ALL. */
const reading = 0x1n | 0x8000_0000n | 0x1000_0000n;
/** WRITE_DAC and WRITE_OWNER, which give all others; DELETE_CHILD, which replaces what lies below. */
const takingOver = 0x4_0000n | 0x8_0000n | 0x40n | 0x1000_0000n;
/** DELETE, with which a folder is also renamed. */
const moving = 0x1_0000n;
/** To write, to append, and generic. */
const writing = 0x2n | 0x4n | 0x4000_0000n;

/** Where a file or folder stands towards the one that matters. */
export type Place = "itself" | "above" | "root";
/** The rights that matter there: a root can neither be moved nor deleted. */
const harmful: Readonly<Record<Place, bigint>> = {
  itself: takingOver | moving | writing,
  above: takingOver | moving,
  root: takingOver,
};

/** Flags and rights stand side by side, two letters each. */
function splitPairs(text: string): readonly string[] {
  return text.match(/../g) ?? [];
}

function parseRights(text: string): bigint {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) return BigInt(text);
  return splitPairs(text).reduce((bits, word) => bits | (rightsByWord[word] ?? 0n), 0n);
}

/**
 * The entries at the beginning of a text, without their parentheses; conditions have parentheses of
 * their own. What follows them is the list for auditing.
 */
function splitEntries(list: string): string[] {
  const entries: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < list.length; at++) {
    if (list[at] === "(" && depth++ === 0) start = at + 1;
    else if (list[at] === ")" && --depth === 0) entries.push(list.slice(start, at));
    else if (depth === 0) break;
  }
  return entries;
}

/** Allowing entries, also those with a condition, which is taken to hold. */
const allowing = new Set(["A", "XA", "OA", "ZA"]);

function parseEntry(entry: string): Grant[] {
  const [type = "", flags = "", rights = "", , , sid = ""] = entry.split(";");
  if (!allowing.has(type)) return [];
  const isInheritOnly = splitPairs(flags).includes("IO");
  return [{ isInheritOnly, rights: parseRights(rights), sid }];
}

/** Owner, group, and the list with its flags. */
const form =
  /^(?:O:(S-[\d-]+|[A-Z]{2}))?(?:G:(?:S-[\d-]+|[A-Z]{2}))?(?:D:((?:NO_ACCESS_CONTROL|P|AR|AI)*)(.*))?$/s;

/**
 * Reads a security descriptor. One that is not understood gives everybody everything.
 *
 * @param sddl for example `O:BAD:AI(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)`
 */
export function parseSddl(sddl: string): SecurityDescriptor {
  const [, owner, flags, list] = form.exec(sddl) ?? [];
  if (list === undefined || flags === "NO_ACCESS_CONTROL") return { owner, grants: undefined };
  return { owner, grants: splitEntries(list).flatMap(parseEntry) };
}

function broadName(sid: string): string | undefined {
  const [, rid = ""] = /^S-1-5-21-[\d-]+-(\d+)$/.exec(sid) ?? [];
  return broad[sid] ?? broadOfDomain[rid];
}

/** Names of the broad groups that an access control list lets read a file. */
export function broadReaders(sddl: string): string[] {
  const { grants } = parseSddl(sddl);
  if (grants === undefined) return ["Everyone"];
  const readers = grants.flatMap(({ isInheritOnly, rights, sid }) => {
    const name = broadName(sid);
    return !isInheritOnly && name !== undefined && (rights & reading) !== 0n ? [name] : [];
  });
  return [...new Set(readers)];
}

/** An account or group that may change a file. */
export interface Writer {
  /** As in the descriptor. */
  readonly sid: string;
  /** Absent for one account, whose name only Windows knows. */
  readonly group: string | undefined;
  readonly isOwner: boolean;
}

/** Whether an account administers the machine, or is one of these. */
export function isTrusted(sid: string, trusted: ReadonlySet<string>): boolean {
  return administrators.has(sid) || administratorsOfDomain.test(sid) || trusted.has(sid);
}

/**
 * Who may change a file or folder, besides the administrators: by the list, or as its owner, who may
 * always change the list.
 *
 * @param trusted SIDs that may
 * @param place of folders above, what counts is who may replace what lies below them
 */
export function foreignWriters(
  sddl: string,
  trusted: ReadonlySet<string>,
  place: Place = "itself",
): Writer[] {
  const { owner, grants } = parseSddl(sddl);
  const writers = new Map<string, Writer>();
  function add(sid: string, isOwner: boolean): void {
    if (isTrusted(sid, trusted) || writers.has(sid)) return;
    writers.set(sid, { sid, group: broadName(sid), isOwner });
  }
  if (owner !== undefined) add(owner, true);
  if (grants === undefined) add("WD", false);
  for (const { isInheritOnly, rights, sid } of grants ?? []) {
    if (!isInheritOnly && (rights & harmful[place]) !== 0n) add(sid, false);
  }
  return [...writers.values()];
}
