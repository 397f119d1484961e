/**
 * What the exit codes of the program mean, in the words of the help and the docs.
 *
 * @module
 */

/** The exit codes and when they are given, in ascending order. */
export const exitCodeMeanings: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: 0, meaning: "Done: every section ran, and nothing failed." },
  {
    code: 1,
    meaning:
      "Could not start: the configuration has errors, none of the named sections is enabled, Oomnitza refused the credentials, or another upload is running.",
  },
  { code: 2, meaning: "The command line is wrong." },
  {
    code: 3,
    meaning:
      "Ran, but a section or some records failed, or a named section does not exist or is not enabled. The report names them.",
  },
  { code: 4, meaning: "agent plan: no errors, and there are changes to upload." },
  {
    code: 5,
    meaning: "The guard stopped a section before anything was sent. --accept lets it pass.",
  },
  { code: 70, meaning: "Internal error of the program." },
];
