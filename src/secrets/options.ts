/**
 * The sections `[vault]` and `[cyberark]`: where these stores are and how to log in.
 *
 * @module
 */

import { opt, type Values } from "../sdk/option.ts";
import { tlsOptions } from "../sdk/tls/options.ts";

/** Everything that can be set in `[vault]`. */
export const vaultOptions = {
  url: opt.text(
    "Address of the Vault server, for example https://vault.example.com:8200. Without it, what VAULT_ADDR says.",
    { default: "", example: "https://vault.example.com:8200" },
  ),
  auth: opt.choice("How to log in to Vault.", ["token", "approle", "kubernetes"], {
    default: "token",
  }),
  token: opt.secret("For auth = token. Without it, what VAULT_TOKEN says.", { default: "" }),
  role_id: opt.text("For auth = approle.", { default: "" }),
  secret_id: opt.secret("For auth = approle, unless the role needs none.", { default: "" }),
  role: opt.text("For auth = kubernetes: the role of Vault that the service account has.", {
    default: "",
  }),
  jwt_file: opt.path("For auth = kubernetes: the token of the service account.", {
    default: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    advanced: true,
  }),
  auth_mount: opt.text("Where the way to log in is mounted, when not under its own name.", {
    default: "",
    advanced: true,
  }),
  namespace: opt.text("Namespace of Vault Enterprise.", { default: "", advanced: true }),
  kv_mount: opt.text("Where the key-value secrets are mounted that vault_keys reads.", {
    default: "secret",
    advanced: true,
  }),
  kv_version: opt.choice(
    "Version of the key-value secrets engine. auto asks Vault.",
    ["auto", "1", "2"],
    { default: "auto", advanced: true },
  ),
  ...tlsOptions,
} as const;

/** The values of {@linkcode vaultOptions}. */
export type VaultValues = Values<typeof vaultOptions>;

/** Everything that can be set in `[cyberark]`. */
export const cyberarkOptions = {
  url: opt.url("Address of the Conjur server.", { example: "https://conjur.example.com" }),
  account: opt.text(
    "Account of Conjur. Without it, vault_keys takes the name of the section, as the Python connector did.",
    { default: "", example: "example" },
  ),
  login: opt.text("Whom to log in as: host/NAME for a machine.", {
    default: "admin",
    example: "host/agent",
  }),
  api_key: opt.secret("The API key of that login.", {}),
  ...tlsOptions,
} as const;

/** The values of {@linkcode cyberarkOptions}. */
export type CyberarkValues = Values<typeof cyberarkOptions>;

/** What the sections of servers say; absent where there is no such section. */
export interface SecretServers {
  readonly vault?: VaultValues | undefined;
  readonly cyberark?: CyberarkValues | undefined;
}
