/**
 * The JSON files that `agent stand-in` is given.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "../base/errors.ts";

const mappingsSchema = z.record(
  z.string(),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
);
const locationsSchema = z.array(z.record(z.string(), z.unknown()));
const fieldSchema = z.strictObject({
  type: z.enum(["text", "number", "date", "dropdown"]),
  values: z.array(z.string()).optional(),
  unique: z.boolean().optional(),
});
const fieldsSchema = z.strictObject({
  assets: z.record(z.string(), fieldSchema).optional(),
  users: z.record(z.string(), fieldSchema).optional(),
});
const outcomesSchema = z.array(z.strictObject({
  outcome: z.enum(["failed", "skipped"]),
  text: z.string(),
  field: z.string().optional(),
  values: z.array(z.union([z.string(), z.number()])).optional(),
  share: z.number().min(0).max(1).optional(),
}));

interface JsonFile<T> {
  readonly flag: string;
  /** Absolute; empty when there is none. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
}

function readJson<T>({ flag, path, schema }: JsonFile<T>): T | undefined {
  if (path === "") return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read --${flag} ${path}`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not a JSON file" : `does not hold ${flag}`;
    throw new UsageError(`--${flag} ${path} ${what}`, { cause: error });
  }
}

type FileFlag = "mappings" | "locations" | "fields" | "outcomes";

/**
 * What the files of the flags hold; undefined for a flag that is empty.
 *
 * @throws {UsageError} that names the flag of a file that cannot be read or holds something else.
 */
export function readStandInFiles(
  paths: Readonly<Record<FileFlag, string>>,
  directory: string,
) {
  const read = <T>(flag: FileFlag, schema: z.ZodType<T>) =>
    readJson({ flag, path: paths[flag] === "" ? "" : resolve(directory, paths[flag]), schema });
  return {
    mappings: read("mappings", mappingsSchema),
    locations: read("locations", locationsSchema),
    fields: read("fields", fieldsSchema),
    rules: read("outcomes", outcomesSchema),
  };
}
