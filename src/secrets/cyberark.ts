/**
 * Secrets in CyberArk Conjur: `${cyberark:ID}`. From Conjur's REST API, "Authenticate" and "Retrieve a
 * secret".
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { CyberarkValues } from "./options.ts";
import { keyringServer, openServer, plainConnection, type Send } from "./server.ts";
import type { SecretRun, SecretStore } from "./store.ts";

/** One account of a Conjur server. */
interface Conjur {
  readonly send: Send;
  readonly account: string;
  /** The headers of a request; `used` were refused. */
  headers(used?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
}

const login = "Check login and api_key in [cyberark]";

/** Asks for an access token, which lives for eight minutes. */
async function authenticate(
  send: Send,
  account: string,
  values: Pick<CyberarkValues, "login" | "api_key">,
  run: SecretRun,
): Promise<Readonly<Record<string, string>>> {
  run.redactor.add(values.api_key, "logins to Conjur");
  const who = encodeURIComponent(values.login);
  const { status, body } = await send({
    method: "POST",
    path: `/authn/${encodeURIComponent(account)}/${who}/authenticate`,
    headers: { "Content-Type": "text/plain" },
    body: values.api_key,
  });
  if (status === 401 || status === 403) {
    throw new AgentError(`Conjur refuses ${values.login} of ${account} (${status})`, {
      hint: login,
    });
  }
  if (status !== 200 || body.trim() === "") {
    throw new AgentError(`Conjur returns no access token (${status})`, {
      hint: "Check url and account in [cyberark]",
    });
  }
  // It is JSON, unless the server is configured to encode it.
  const text = body.trim();
  const token = text.startsWith("{") ? Buffer.from(text, "utf8").toString("base64") : text;
  for (const form of [token, text]) run.redactor.add(form, "tokens of Conjur");
  return { Authorization: `Token token="${token}"` };
}

function open(
  base: string,
  account: string,
  values: Omit<CyberarkValues, "url" | "account">,
  run: SecretRun,
): Conjur {
  const send = openServer("Conjur", "cyberark", base, values, run);
  let current: Promise<Readonly<Record<string, string>>> | undefined;
  return {
    send,
    account,
    async headers(used) {
      if (used !== undefined && current !== undefined && await current === used) {
        current = undefined;
      }
      return await (current ??= authenticate(send, account, values, run));
    },
  };
}

/** The server of `[cyberark]`, or the one that the keyring knows for a name. */
async function connect(account: string, name: string, run: SecretRun): Promise<Conjur> {
  const { cyberark } = run.servers();
  return await run.once(`conjur:${account}:${cyberark === undefined ? name : ""}`, async () => {
    if (cyberark !== undefined) return open(cyberark.url, account, cyberark, run);
    const { url, token } = await keyringServer(name, "cyberark", run);
    return open(url, account, { ...plainConnection, login: "admin", api_key: token }, run);
  });
}

/** The value of a variable; nothing when there is none. */
async function retrieve(conjur: Conjur, id: string): Promise<string | undefined> {
  const path = `/secrets/${encodeURIComponent(conjur.account)}/variable/${encodeURIComponent(id)}`;
  let headers = await conjur.headers();
  let answer = await conjur.send({ path, headers });
  if (answer.status === 401) {
    headers = await conjur.headers(headers);
    answer = await conjur.send({ path, headers });
  }
  if (answer.status === 200) return answer.body;
  if (answer.status === 404) return undefined;
  if (answer.status === 401 || answer.status === 403) {
    throw new AgentError(`Conjur does not allow the login to read ${id} (${answer.status})`, {
      hint: "Grant it read and execute on the variable in Conjur's policy",
    });
  }
  throw new AgentError(`Conjur answers ${answer.status} for ${id}`);
}

export const cyberark: SecretStore = {
  name: "cyberark",
  form: "${cyberark:ID}",
  async read(target, _place, run) {
    const account = run.servers().cyberark?.account ?? "";
    if (account === "") {
      throw new AgentError("the account of Conjur is not configured", {
        hint: "Add a section [cyberark] with url, account, login and api_key",
      });
    }
    const secret = await retrieve(await connect(account, "", run), target);
    if (secret !== undefined) return secret;
    throw new AgentError(`Conjur has no value of ${target} in the account ${account}`, {
      hint:
        "Check the id, and that the login may read it: Conjur answers as if it did not exist otherwise",
    });
  },
  async entry(name, key, run) {
    const account = run.servers().cyberark?.account ?? "";
    // The Python connector took the section for the account.
    const conjur = await connect(account === "" ? name : account, name, run);
    return await retrieve(conjur, account === "" ? key : `${name}/${key}`);
  },
  entryHint: (name, key) => `Set ${key} of ${name} in Conjur, and let the login read it`,
};
