/**
 * Asks a KDC in a process of its own first: the Kerberos library returns when the KDC has answered, or after
 * half a minute for each that does not, and the process that calls it does nothing else until then.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readFromParent, writeToParent } from "./child.ts";
import { GssError, type GssLogin, openGss } from "./gssapi.ts";
import { kerberosArgument } from "./kdc_argument.ts";
import { isCompiled } from "./program.ts";

/** What is asked for; a channel binding is nothing that a KDC sees. */
export type KdcQuestion = Omit<GssLogin, "binding">;

/** KRB5_KDC_UNREACH of krb5_err.et. */
const unreachable = -1765328228;

/** What the child says of a refusal. */
type Refusal = Pick<GssError, "problem" | "message" | "major" | "minor">;

/** In the child: begins the login that its parent names, and says what came of that. */
export function runKerberosChild(): void {
  const question = JSON.parse(Buffer.concat([...readFromParent()]).toString()) as KdcQuestion;
  writeToParent(Buffer.from(JSON.stringify(tryLogin(question) ?? null)));
}

function tryLogin(question: KdcQuestion): Refusal | undefined {
  try {
    const context = openGss(question);
    try {
      context.next();
    } finally {
      context.close();
    }
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof GssError)) throw thrown;
    const { problem, message, major, minor } = thrown;
    return { problem, message, major, minor };
  }
}

/** Whose KDC it is, as far as that is known. */
function realmOf({ credentials: { principal }, target }: KdcQuestion): string {
  const realm = principal.split("@")[1] ?? target.split("@")[1];
  return realm === undefined ? "its realm" : `realm '${realm}'`;
}

/**
 * Has a process of its own begin a login.
 *
 * @param milliseconds How long it may take.
 * @throws {GssError} As the login would, and when no KDC has answered in time.
 */
export async function askKdc(question: KdcQuestion, milliseconds: number): Promise<void> {
  const source = fileURLToPath(new URL("./kdc_entry.ts", import.meta.url));
  const words = isCompiled ? [kerberosArgument] : [source];
  // With the environment of this process, which says where Kerberos has its files.
  const child = Bun.spawn([process.execPath, ...words], {
    stdin: Buffer.from(JSON.stringify(question)),
    stdout: "pipe",
    stderr: "ignore",
    windowsHide: true,
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, milliseconds);
  const said = await new Response(child.stdout).text();
  const code = await child.exited;
  clearTimeout(timer);
  if (isLate) {
    const message = `No KDC for ${realmOf(question)} has answered within ${milliseconds / 1000} s`;
    throw new GssError("refused", message, 0, unreachable);
  }
  // What went wrong with the child itself is no reason not to try the login.
  const refusal = code === 0 ? JSON.parse(said) as Refusal | null : null;
  if (refusal === null) return;
  throw new GssError(refusal.problem, refusal.message, refusal.major, refusal.minor);
}
