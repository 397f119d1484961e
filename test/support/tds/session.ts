/**
 * One connection to the test server, from PRELOGIN to its end.
 *
 * @module
 */
import type { Accepted } from "../gss_acceptor.ts";
import { packetType, type TdsChannel, type TlsIdentity } from "./channel.ts";
import { encryption, type Login, preloginAnswer, readEncryption, readLogin } from "./login.ts";
import {
  authenticate,
  isNegotiate,
  makeChallenge,
  type NtlmAccount,
  type Protection,
} from "./ntlm.ts";
import { readQuery, type TdsQuery } from "./requests.ts";
import {
  collationChange,
  columnMetadata,
  doneStatus,
  doneToken,
  environmentChange,
  errorToken,
  infoToken,
  loginAck,
  returnStatus,
  routing,
  rowToken,
  type ServerMessage,
  sspiToken,
} from "./tokens.ts";
import type { Column } from "./types.ts";

/** What a question is answered with. */
export interface TdsAnswer {
  /** Nothing for a statement without a result. */
  readonly columns?: readonly Column[];
  /** Values in the order of the columns. */
  readonly rows?: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>;
  /** Sent after the rows: the statement fails. */
  readonly error?: ServerMessage;
  /** Bytes sent after the rows that need not be tokens. */
  readonly raw?: Buffer;
}

/** Somebody whom SQL Server itself knows. */
export interface SqlAccount {
  readonly name: string;
  readonly password: string;
}

/** How a connection is to be treated. */
export interface SessionRules {
  readonly accounts: readonly SqlAccount[];
  readonly ntlmAccounts: readonly NtlmAccount[];
  /** What becomes of a token of Kerberos, and the binding of the connection that it came over. */
  readonly kerberos?: ((token: Uint8Array, binding?: Uint8Array) => Accepted) | undefined;
  /** Extended Protection, and the names that it accepts. */
  readonly protection: Pick<Protection, "level" | "principals">;
  readonly tls: TlsIdentity | undefined;
  readonly encrypt: "required" | "offered" | "none";
  readonly databases: readonly string[];
  /** Refuses a login that would be right. */
  readonly refuse?: ((login: Login) => ServerMessage | undefined) | undefined;
  /** Where a login is sent on to. */
  readonly route?:
    | ((login: Login) => { readonly host: string; readonly port: number } | undefined)
    | undefined;
  /** A last token of the operating system's login, sent with LOGINACK as Kerberos does. */
  readonly lastToken?: Buffer | undefined;
  /** Says no word after these: a server that hangs. */
  readonly silentAfter?: "prelogin" | "login" | undefined;
  readonly answer: (query: TdsQuery, session: SessionFacts) => TdsAnswer;
}

/** What is known of a connection. */
export interface SessionFacts {
  readonly login: Login;
  /** Who logged in. */
  readonly user: string;
  /** Whether the login was encrypted. */
  readonly encryptedLogin: boolean;
  /** Whether queries are. */
  readonly encrypted: boolean;
}

/** Treats a connection until it ends; reports logins. */
export async function runSession(
  channel: TdsChannel,
  rules: SessionRules,
  onLogin: (facts: SessionFacts) => void,
): Promise<void> {
  const loginOnly = await negotiate(channel, rules);
  const message = await channel.read();
  if (message?.type !== packetType.login7) return channel.close();
  const login = readLogin(message.data);
  const encryptedLogin = channel.encrypted;
  const { binding } = channel;
  if (loginOnly) channel.stopTls();
  if (rules.silentAfter === "login") return;
  const ticket = login.integrated ? rules.kerberos?.(login.sspi, binding) : undefined;
  const user = await identify(channel, rules, { login, binding, ticket });
  if (typeof user !== "string") {
    const failure = [errorToken(user), doneToken(0xfd, doneStatus.error)];
    await channel.write(Buffer.concat(failure), true);
    return channel.close();
  }
  const facts = { login, user, encryptedLogin, encrypted: channel.encrypted };
  onLogin(facts);
  await welcome(channel, ticket === undefined ? rules : withLastToken(rules, ticket), login);
  for (;;) {
    const next = await channel.read();
    if (next === undefined) return;
    const query = readQuery(next);
    if (query !== undefined) await respond(channel, query, rules.answer(query, facts));
    else if (next.type === packetType.attention) await acknowledge(channel);
  }
}

/** Kerberos proves with its last token who the server is. */
function withLastToken(rules: SessionRules, { answer }: Accepted): SessionRules {
  return { ...rules, lastToken: Buffer.from(answer) };
}

/** PRELOGIN and TLS; the result is whether only the login is encrypted. */
async function negotiate(channel: TdsChannel, rules: SessionRules): Promise<boolean> {
  const { tls, encrypt } = rules;
  const strict = await channel.firstByte() === 0x16;
  if (strict) {
    if (tls === undefined) channel.close();
    else channel.startTls(tls, false);
  }
  const prelogin = await channel.read();
  if (rules.silentAfter === "prelogin") await channel.read();
  if (prelogin?.type !== packetType.prelogin) {
    channel.close();
    return false;
  }
  const requested = readEncryption(prelogin.data);
  if (strict || tls === undefined || encrypt === "none") {
    await channel.write(preloginAnswer(encryption.notSupported), true);
    return false;
  }
  const answer = encrypt === "required"
    ? encryption.required
    : requested === encryption.notSupported
    ? encryption.notSupported
    : requested === encryption.off
    ? encryption.off
    : encryption.on;
  await channel.write(preloginAnswer(answer), true);
  if (answer === encryption.notSupported) return false;
  channel.startTls(tls, true);
  return answer === encryption.off;
}

const untrusted: ServerMessage = {
  number: 18452,
  text:
    "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.",
};

/** A login, and what it may be tied to. */
interface BoundLogin {
  readonly login: Login;
  readonly binding: Buffer | undefined;
  readonly ticket: Accepted | undefined;
}

/** Who logs in, or why not. */
async function identify(
  channel: TdsChannel,
  rules: SessionRules,
  bound: BoundLogin,
): Promise<string | ServerMessage> {
  const { login, ticket } = bound;
  const user = ticket !== undefined
    ? ticket.user
    : login.integrated
    ? await identifyByNtlm(channel, rules, bound)
    : rules.accounts.find(({ name, password }) =>
      name === login.userName && password === login.password
    )?.name;
  if (user === undefined) {
    if (login.integrated) return untrusted;
    return { number: 18456, text: `Login failed for user '${login.userName}'.` };
  }
  if (!rules.databases.includes(login.database)) {
    return {
      number: 4060,
      severity: 11,
      text: `Cannot open database "${login.database}" requested by the login. The login failed.`,
    };
  }
  return rules.refuse?.(login) ?? user;
}

async function identifyByNtlm(
  channel: TdsChannel,
  rules: SessionRules,
  { login: { sspi }, binding }: BoundLogin,
): Promise<string | undefined> {
  if (!isNegotiate(sspi)) return undefined;
  const domain = rules.ntlmAccounts[0]?.domain ?? "EXAMPLE";
  const exchange = makeChallenge(sspi, domain);
  await channel.write(sspiToken(exchange.challenge), true);
  const message = await channel.read();
  if (message?.type !== packetType.sspi) return undefined;
  const protection = { ...rules.protection, binding };
  const account = authenticate(message.data, exchange, rules.ntlmAccounts, protection);
  return account === undefined ? undefined : `${account.domain}\\${account.name}`;
}

async function welcome(channel: TdsChannel, rules: SessionRules, login: Login): Promise<void> {
  const size = Math.min(Math.max(login.packetSize, 512), 32_767);
  const target = rules.route?.(login);
  const tokens = [
    environmentChange(1, login.database, "master"),
    infoToken({ number: 5701, state: 2, text: `Changed database context to '${login.database}'.` }),
    collationChange(),
    environmentChange(2, "us_english", ""),
    infoToken({ number: 5703, text: "Changed language setting to us_english." }),
    ...(rules.lastToken === undefined ? [] : [sspiToken(rules.lastToken)]),
    loginAck(),
    environmentChange(4, String(size), "4096"),
    ...(target === undefined ? [] : [routing(target.host, target.port)]),
    doneToken(0xfd, 0),
  ];
  await channel.write(Buffer.concat(tokens), true);
  channel.packetSize = size;
}

async function acknowledge(channel: TdsChannel): Promise<void> {
  channel.attention = false;
  await channel.write(doneToken(0xfd, doneStatus.attention), true);
}

/** Rows are sent in portions of about this many bytes. */
const portion = 16_384;

async function respond(channel: TdsChannel, query: TdsQuery, answer: TdsAnswer): Promise<void> {
  const { columns = [], rows = [], error, raw } = answer;
  let pending = columns.length === 0 ? [] : [columnMetadata(columns)];
  let size = 0;
  let count = 0;
  for await (const row of rows) {
    if (channel.isClosed) return;
    if (channel.attention) break;
    const bytes = rowToken(columns, row);
    pending.push(bytes);
    size += bytes.length;
    count++;
    if (size < portion) continue;
    await channel.write(Buffer.concat(pending), false);
    [pending, size] = [[], 0];
  }
  if (channel.attention) {
    const cut = [...pending, doneToken(0xfd, doneStatus.error)];
    await channel.write(Buffer.concat(cut), true);
    await channel.read(); // the attention itself
    return await acknowledge(channel);
  }
  const counted = columns.length === 0 ? 0 : doneStatus.count;
  const failed = error === undefined ? 0 : doneStatus.error;
  const tokens = [...pending, ...(error === undefined ? [] : [errorToken(error)])];
  if (raw !== undefined) tokens.push(raw);
  if (query.isRpc) {
    tokens.push(doneToken(0xff, counted | failed | doneStatus.more, count), returnStatus());
    tokens.push(doneToken(0xfe, failed));
  } else {
    tokens.push(doneToken(0xfd, counted | failed, count));
  }
  await channel.write(Buffer.concat(tokens), true);
}
