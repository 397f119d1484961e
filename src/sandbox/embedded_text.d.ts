/**
 * What `import … with { type: "text" }` gives of a bundle for the sandbox.
 *
 * @module
 */
declare module "./guest/*" {
  const text: string;
  export = text;
}
