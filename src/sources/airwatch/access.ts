/**
 * How AirWatch is signed in to, and what its declaration says of it.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  type Http,
  readSigner,
  requestToken,
  signDetached,
  type Signer,
  tokenAuth,
} from "../../sdk/mod.ts";

/** Devices in one page. Servers that give fewer are followed page by page all the same. */
export const pageSize = 500;

const token = z.object({ access_token: z.string(), expires_in: z.number().optional() });

/** What a request needs. */
export interface Access {
  readonly url: string;
  readonly api_path: string;
  readonly dep_uuid: string;
  readonly username: string;
  readonly password: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly region: string | undefined;
  readonly token_url: string | undefined;
  readonly signing_pem_file: string;
  readonly search_version: SearchVersion;
}

/** Versions of the search of devices; `auto` is the newest that the server has. */
export const searchVersions = ["1", "2", "3", "4", "auto"] as const;

/** One of {@linkcode searchVersions}. */
export type SearchVersion = typeof searchVersions[number];

/** The token server of a region ("Datacenter and Token URLs for OAuth 2.0 Support"). */
function tokenUrl({ region, token_url }: Access): string {
  return token_url ?? `https://${region}.uemauth.workspaceone.com/connect/token`;
}

/**
 * Certificate sign-in, for servers of one's own: each request is signed, "CMSURL" over its path. The file is read
 * with the first request.
 */
function certificateAuth(file: string): Authenticator {
  let signer: Signer | undefined;
  return {
    headers: () => ({}),
    sign({ url }) {
      signer ??= readSigner(file, "signing_pem_file");
      const message = signDetached(new URL(url).pathname, signer);
      return { Authorization: `CMSURL'1 ${message.toString("base64")}` };
    },
  };
}

/** OAuth where the section has a client, a certificate where it has one, else name and password. */
export function createAuth(access: Access): Authenticator {
  const { username, password, client_id, client_secret, signing_pem_file } = access;
  if (signing_pem_file !== "") return certificateAuth(signing_pem_file);
  if (client_id === "") return basicAuth(username, password);
  const path = tokenUrl(access);
  return tokenAuth(async (http: Http) =>
    await requestToken(http, {
      title: "AirWatch",
      credentials: "client_id, client_secret and region",
      request: {
        method: "POST",
        path,
        // The token server is the only other host that credentials go to.
        origin: new URL(path).origin,
        headers: {
          ...await basicAuth(client_id, client_secret).headers(http),
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: "grant_type=client_credentials",
      },
      shape: token,
      read: ({ access_token, expires_in }) => ({
        value: access_token,
        expires: expiresIn(expires_in),
      }),
    })
  );
}
