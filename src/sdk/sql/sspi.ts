/**
 * Tokens of the operating system's login inside of a server's answer: [MS-TDS] 2.2.7.22.
 *
 * @module
 */

const sspi = 0xed;
const done = 0xfd;
const featureAcknowledgement = 0xae;
const doneLength = 13;

/** Where the token that begins at `at` ends, if all of it is there. */
function messageEnd(answer: Buffer, at: number): number {
  const kind = answer[at];
  if (kind === done) return at + doneLength;
  // Its list of features has no length; it is the last but one, and what follows is a DONE.
  if (kind === featureAcknowledgement) return answer.length - doneLength;
  return at + 3 <= answer.length ? at + 3 + answer.readUInt16LE(at + 1) : answer.length;
}

/**
 * Takes the SSPI token out of an answer to a login: tedious takes every such token for a challenge of
 * NTLM, and fails at the shorter ones of Kerberos.
 *
 * @returns The token, and the answer without it.
 */
export function takeTokens(
  answer: Buffer,
): { readonly token: Buffer | undefined; readonly rest: Buffer } {
  let token: Buffer | undefined;
  const rest: Buffer[] = [];
  for (let at = 0; at < answer.length;) {
    const end = Math.max(at + 1, messageEnd(answer, at));
    if (answer[at] === sspi) token = answer.subarray(at + 3, end);
    else rest.push(answer.subarray(at, end));
    at = end;
  }
  return { token, rest: Buffer.concat(rest) };
}
