/**
 * Finds imports that point up, sideways or around the sdk, and things used outside their owner.
 *
 * @module
 */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import {
  guestDoor,
  guestPackage,
  listedRooms,
  openPaths,
  type Room,
  roomOf,
} from "./layer_table.ts";
import { type Import, readImport } from "./imports.ts";
import { findMisplacedUses, packageMisplaced } from "./owners.ts";
import { allNodes, type SourceFile, type Violation } from "./source_file.ts";

/**
 * Every violation in one product file. `packages` are the names of the runtime dependencies in
 * package.json.
 */
export function checkLayers(file: SourceFile, packages: ReadonlySet<string>): Violation[] {
  const room = roomOf(file.path);
  if (room === undefined) {
    return [
      violation(
        file,
        1,
        "room",
        "is in no room of scripts/checks/layer_table.ts. Move it into one.",
      ),
    ];
  }
  const nodes = [...allNodes(file.program)];
  const imports = nodes.flatMap((found) => readImport(file, found));
  return [
    ...imports.flatMap((each) => checkImport(file, room, each, packages)),
    ...findMisplacedUses(file, nodes),
  ].sort((a, b) => a.line - b.line);
}

function checkImport(
  file: SourceFile,
  room: Room,
  { specifier, line }: Import,
  packages: ReadonlySet<string>,
): Violation[] {
  const found = specifier === undefined
    ? { rule: "computed", message: "import() of a computed name. Write the name out." }
    : specifier.startsWith(".")
    ? wrongPath(file.path, room, specifier)
    : wrongPackage(file.path, room, specifier, packages);
  return found === undefined ? [] : [violation(file, line, found.rule, found.message)];
}

type Wrong = { readonly rule: string; readonly message: string } | undefined;

function wrongPackage(
  path: string,
  room: Room,
  specifier: string,
  packages: ReadonlySet<string>,
): Wrong {
  const name = packageName(specifier);
  const misplaced = packageMisplaced(path, specifier);
  if (misplaced !== undefined) return { rule: "owner", message: misplaced };
  if (room.guest && name !== guestPackage) {
    return {
      rule: "guest",
      message:
        `"${specifier}": a source or converter sees only ${guestDoor}, ${guestPackage} and ` +
        "its own folder. Let the sdk offer what is needed.",
    };
  }
  if (isBuiltin(specifier) || specifier === "bun" || specifier.startsWith("bun:")) return undefined;
  if (packages.has(name)) return undefined;
  return {
    rule: "package",
    message: `"${specifier}" is not in the dependencies of package.json. Add it with its exact ` +
      "version, or do without.",
  };
}

function wrongPath(path: string, room: Room, specifier: string): Wrong {
  const target = posix.join(posix.dirname(path), specifier);
  if (openPaths.some((open) => target === open || target.startsWith(open))) return undefined;
  const other = roomOf(target);
  if (other === undefined) {
    return { rule: "room", message: `"${specifier}" is no part of the product. Keep it out.` };
  }
  if (other.name === room.name) return undefined;
  if (room.guest) return wrongForGuest(specifier, target);
  const list = listedRooms.find((folder) => target.startsWith(`${folder}/`));
  const isBelow = other.level < room.level;
  if (
    isBelow && list !== undefined && !path.startsWith(`${list}/`) && target !== `${list}/mod.ts`
  ) {
    return {
      rule: "list",
      message: `"${specifier}": what is in ${list} is seen only through its mod.ts. ` +
        `Import ${list}/mod.ts.`,
    };
  }
  if (isBelow || (list !== undefined && path.startsWith(`${list}/`))) {
    return undefined;
  }
  return wrongDirection(room, other, specifier);
}

function wrongForGuest(specifier: string, target: string): Wrong {
  if (target === guestDoor) return undefined;
  return {
    rule: "guest",
    message: `"${specifier}": a source or converter sees only ${guestDoor}, ${guestPackage} and ` +
      `its own folder. Import ${guestDoor}, or let it export what is needed.`,
  };
}

function wrongDirection(room: Room, other: Room, specifier: string): Wrong {
  const brothers = other.level === room.level;
  return {
    rule: brothers ? "brothers" : "direction",
    message: `"${specifier}": ${room.name} (level ${room.level}) may not import ${other.name} ` +
      `(level ${other.level}). ` +
      (brothers
        ? "Brothers do not speak: move what both need further down, or join them further up."
        : "Imports point down: turn the dependency round or pass the thing in."),
  };
}

/** `@scope/name` or `name` of a specifier that may go on below it. */
function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function violation(file: SourceFile, line: number, rule: string, message: string): Violation {
  return { file: file.path, line, rule: `layers/${rule}`, message };
}
