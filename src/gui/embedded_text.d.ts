/**
 * What `import … with { type: "text" }` gives of a file of the pages.
 *
 * @module
 */
declare module "./assets/*" {
  const text: string;
  export = text;
}
