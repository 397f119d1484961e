/**
 * Secrets in HashiCorp Vault: `${vault:PATH#KEY}`.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { iniText } from "../sdk/option.ts";
import type { VaultValues } from "./options.ts";
import { keyringServer, plainConnection } from "./server.ts";
import type { SecretRun, SecretStore } from "./store.ts";
import type { VaultClient } from "./vault_client.ts";

/** What `[vault]` comes to when there is no such section. */
const defaults: VaultValues = {
  ...plainConnection,
  url: "",
  auth: "token",
  token: "",
  role_id: "",
  secret_id: "",
  role: "",
  jwt_file: "",
  auth_mount: "",
  namespace: "",
  kv_mount: "secret",
  kv_version: "auto",
};

/** The server that the configuration or the environment names. */
function configured(
  run: SecretRun,
): { readonly base: string; readonly values: VaultValues } | undefined {
  const values = run.servers().vault ?? {
    ...defaults,
    namespace: run.env.VAULT_NAMESPACE ?? "",
    cacert_file: run.env.VAULT_CACERT ?? "",
  };
  const base = (values.url || run.env.VAULT_ADDR || "").trim().replace(/\/+$/, "");
  return base === "" ? undefined : { base, values };
}

async function connect(run: SecretRun): Promise<VaultClient> {
  const server = configured(run);
  if (server === undefined) {
    throw new AgentError("the address of Vault is not configured", {
      hint: "Add a section [vault] with url and credentials, or set VAULT_ADDR",
    });
  }
  if (!/^https?:\/\//i.test(server.base)) {
    throw new AgentError(
      "the address of Vault is not a URL such as https://vault.example.com:8200",
      {
        hint: "Check url in [vault], or VAULT_ADDR",
      },
    );
  }
  return await run.once(
    "vault",
    async () => {
      const { VaultClient } = await import("./vault_client.ts");
      return new VaultClient(server.base, server.values, run);
    },
  );
}

/** The server as the Python connector found it: by the keyring, and without asking for versions. */
async function connectByKeyring(name: string, run: SecretRun): Promise<VaultClient> {
  return await run.once(`vault:${name}`, async () => {
    const { url, token } = await keyringServer(name, "vault", run);
    const { VaultClient } = await import("./vault_client.ts");
    return new VaultClient(url, { ...defaults, token }, run);
  });
}

/** One path is read once, so that what belongs together (a user and its password) stays so. */
function readOnce(client: VaultClient, where: string, path: string, run: SecretRun) {
  return run.once(`vault:${where}:${path}`, () => client.read(path));
}

export const vault: SecretStore = {
  name: "vault",
  form: "${vault:PATH#KEY}",
  async read(target, _place, run) {
    const at = target.lastIndexOf("#");
    const path = target.slice(0, Math.max(0, at)).replace(/^\/+|\/+$/g, "");
    const key = target.slice(at + 1);
    if (path === "" || key === "") {
      throw new AgentError("the reference has no path and key", {
        hint: "Write ${vault:PATH#KEY}, for example ${vault:secret/okta#api_token}",
      });
    }
    const data = await readOnce(await connect(run), "", path, run);
    if (data === undefined) {
      throw new AgentError(`Vault has no secret at ${path}`, {
        hint: "Write the path as for vault kv get, without data/",
      });
    }
    if (Object.hasOwn(data, key) && data[key] !== null) return iniText(data[key]);
    throw new AgentError(`${path} in Vault has no key ${key}`, {
      hint: `Store it with: vault kv patch ${path} ${key}=…`,
    });
  },
  async entry(name, key, run) {
    const server = configured(run);
    const client = server === undefined ? await connectByKeyring(name, run) : await connect(run);
    const path = `${server?.values.kv_mount ?? defaults.kv_mount}/${name}`;
    const data = await readOnce(client, server === undefined ? name : "", path, run);
    const value = data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
    return value === undefined || value === null ? undefined : iniText(value);
  },
  entryHint: (name, key) => `Store it with: vault kv put secret/${name} ${key}=…`,
};
