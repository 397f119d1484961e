/**
 * The keyring of the operating system: Credential Manager, Keychain, Secret Service.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";

/** Milliseconds that the keyring may take: it may wait for somebody to unlock it. */
const keyringTimeoutMs = 30_000;

const advice: Readonly<Record<string, string>> = {
  linux:
    "It needs libsecret and an unlocked Secret Service such as gnome-keyring, as a desktop session has them. On a server use ${systemd:NAME}, ${file:PATH}, ${env:NAME} or ${command:…}",
  darwin: "Unlock the login keychain of the account that runs the agent",
  win32: "See the Credential Manager of the account that runs the agent",
};

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it did not answer within ${keyringTimeoutMs / 1000} s`)),
      keyringTimeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw new AgentError(`the keyring of this system cannot be used: ${messageOf(error)}`, {
      cause: error,
      hint: advice[process.platform] ?? "Use another store",
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The secret of a service under a name; nothing when there is none.
 *
 * @throws {AgentError} when there is no keyring, or it does not open.
 */
export async function readKeyring(service: string, name: string): Promise<string | undefined> {
  return await withTimeout(Bun.secrets.get({ service, name })) ?? undefined;
}

/**
 * Keeps a secret, over one that was there.
 *
 * @throws {AgentError} as {@linkcode readKeyring} does.
 */
export async function writeKeyring(service: string, name: string, value: string): Promise<void> {
  await withTimeout(Bun.secrets.set({ service, name, value }));
}

/**
 * Forgets a secret; false when there was none.
 *
 * @throws {AgentError} as {@linkcode readKeyring} does.
 */
export async function deleteKeyring(service: string, name: string): Promise<boolean> {
  return await withTimeout(Bun.secrets.delete({ service, name }));
}
