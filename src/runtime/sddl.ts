/**
 * Reads Windows' text form of access control lists, from Microsoft's "Security Descriptor String
 * Format", "ACE Strings" and "SID Strings".
 *
 * @module
 */

/** Groups that hold more people than should read a secret, by their names in SDDL and as SIDs. */
const broad: Readonly<Record<string, string>> = {
  WD: "Everyone",
  "S-1-1-0": "Everyone",
  AU: "Authenticated Users",
  "S-1-5-11": "Authenticated Users",
  BU: "Users",
  "S-1-5-32-545": "Users",
  IU: "interactive users",
  "S-1-5-4": "interactive users",
  AN: "anonymous logins",
  "S-1-5-7": "anonymous logins",
  BG: "Guests",
  "S-1-5-32-546": "Guests",
  DU: "all users of the domain",
  DG: "guests of the domain",
};

/** Rights that let a file be read: of files, generic, and FILE_READ_DATA itself. */
const readingWords = new Set(["FA", "FR", "GA", "GR", "CC"]);
/** FILE_READ_DATA, GENERIC_READ and GENERIC_ALL. */
const readingBits = 0x1n | 0x8000_0000n | 0x1000_0000n;

/** Flags and rights stand side by side, two letters each. */
function splitPairs(text: string): readonly string[] {
  return text.match(/../g) ?? [];
}

function mayRead(rights: string): boolean {
  if (/^0x[0-9a-f]+$/i.test(rights)) return (BigInt(rights) & readingBits) !== 0n;
  return splitPairs(rights).some((word) => readingWords.has(word));
}

/**
 * Names of the broad groups that an access control list lets read a file.
 *
 * @param sddl with its `D:` part, for example `D:AI(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)`
 */
export function broadReaders(sddl: string): string[] {
  const list = /D:([A-Z_]*)((?:\([^)]*\))*)/.exec(sddl);
  // No list at all lets everybody do everything.
  if (list === null || list[1] === "NO_ACCESS_CONTROL") return ["Everyone"];
  const names = (list[2] ?? "").match(/\(([^)]*)\)/g) ?? [];
  const readers = names.flatMap((entry) => {
    const [type, flags = "", rights = "", , , sid = ""] = entry.slice(1, -1).split(";");
    const isInheritOnly = splitPairs(flags).includes("IO");
    const name = broad[sid];
    return type === "A" && !isInheritOnly && name !== undefined && mayRead(rights) ? [name] : [];
  });
  return [...new Set(readers)];
}
