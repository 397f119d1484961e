/**
 * The hidden argument with which the program starts itself as the sandbox process. In a file of its
 * own, so that the command line can look for it without loading the sandbox.
 *
 * @module
 */

/** First argument of the sandbox process. */
export const sandboxArgument = "__sandbox";
