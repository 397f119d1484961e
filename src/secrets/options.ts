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
    "Address of the Vault server, for example https://vault.example.com:8200. Default: the environment variable VAULT_ADDR.",
    { default: "", example: "https://vault.example.com:8200" },
  ),
  auth: opt.choice("How to log in to Vault.", ["token", "approle", "kubernetes"], {
    default: "token",
  }),
  token: opt.secret("For auth = token. Default: the environment variable VAULT_TOKEN.", {
    default: "",
  }),
  role_id: opt.text("For auth = approle.", { default: "" }),
  secret_id: opt.secret("For auth = approle, unless the role needs none.", { default: "" }),
  role: opt.text("For auth = kubernetes: the Vault role of the service account.", {
    default: "",
  }),
  jwt_file: opt.path("For auth = kubernetes: file with the token of the service account.", {
    default: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    advanced: true,
  }),
  auth_mount: opt.text("Path at which the auth method is mounted, if not its own name.", {
    default: "",
    advanced: true,
  }),
  namespace: opt.text("Namespace of Vault Enterprise.", { default: "", advanced: true }),
  kv_mount: opt.text(
    "Path at which the key-value secrets engine that vault_keys reads is mounted.",
    {
      default: "secret",
      advanced: true,
    },
  ),
  kv_version: opt.choice(
    "Version of the key-value secrets engine. auto detects it.",
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
    "Account of Conjur. By default, vault_keys uses the name of the section, as the Python connector did.",
    { default: "", example: "example" },
  ),
  login: opt.text("Login name: host/NAME for a machine.", {
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
