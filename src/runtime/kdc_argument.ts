/**
 * How the program is started to ask a KDC: known to every start, so nothing is loaded with it.
 *
 * @module
 */

/** The hidden argument that starts the program for this. */
export const kerberosArgument = "__kerberos";
