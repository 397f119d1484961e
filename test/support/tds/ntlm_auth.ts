/**
 * In place of Samba's `ntlm_auth`, by which Wine's NTLM gets its tokens: a logged-on user whose
 * password Windows knows. Answers as `--helper-protocol=ntlmssp-client-1` does (ntlm_auth(1)).
 *
 * The environment has NTLM_ACCOUNT, a JSON of domain, name and password. Without it, nobody is known.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { NtlmAccount } from "./ntlm.ts";
import { clientFlags, proveAccount, startLogin } from "./ntlm_client.ts";

function answerTo(line: string): string {
  const [word = "", value = ""] = line.split(" ");
  const text = process.env["NTLM_ACCOUNT"];
  const account: NtlmAccount | undefined = text === undefined ? undefined : JSON.parse(text);
  switch (word) {
    case "YR":
      return account === undefined ? "PW" : `YR ${startLogin().toString("base64")}`;
    case "TT":
      if (account === undefined) return "BH";
      return `KK ${proveAccount(Buffer.from(value, "base64"), account).toString("base64")}`;
    case "GK":
      return `GK ${randomBytes(16).toString("base64")}`;
    case "GF":
      return `GF 0x${(clientFlags >>> 0).toString(16)}`;
    default:
      return "OK";
  }
}

if (process.argv.includes("--version")) {
  process.stdout.write("Version 4.17.12-Test\n");
} else {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${answerTo(line)}\n`);
  }
}
