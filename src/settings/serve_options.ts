/**
 * The options of `[serve]`: who may post to the webhook listener, and how patient it is.
 *
 * @module
 */

import { opt, optional, type Values } from "../sdk/option.ts";
import { secretOptions } from "./section_options.ts";

/** Everything that can be set in `[serve]`. */
export const serveOptions = {
  auth: optional(opt.choice(
    "How callers prove who they are: with name and password (basic), with a secret in a header, or not at all. Without it, the agent listens on loopback only.",
    ["none", "basic", "header"],
    { example: "header" },
  )),
  username: opt.text("Name for auth = basic.", { default: "", example: "webhook" }),
  password: opt.secret("Its password.", { default: "", example: "change-me" }),
  password_old: opt.secret("Another password that is good too, while callers change theirs.", {
    default: "",
    advanced: true,
  }),
  header: opt.text("Name of the header for auth = header.", { default: "X-Webhook-Secret" }),
  secret: opt.secret("What it must say.", { default: "", example: "a-long-random-text" }),
  secret_old: opt.secret("Another secret that is good too, while callers change theirs.", {
    default: "",
    advanced: true,
  }),
  allow: opt.text(
    "Addresses and networks that may post, separated by spaces or commas. Without it, all of them.",
    { default: "", example: "192.0.2.0/24 2001:db8::/32" },
  ),
  hosts: opt.text(
    "Host names under which callers reach the agent, separated by spaces or commas. IP addresses and localhost always work. Without it, and without auth, other names are refused.",
    { default: "", example: "hooks.example.com" },
  ),
  trusted_proxies: opt.text(
    "Addresses and networks of reverse proxies, whose X-Forwarded-For is believed.",
    { default: "", example: "127.0.0.1" },
  ),
  cert: opt.path("Certificate chain for HTTPS, PEM. A new file is taken up while running.", {
    default: "",
    advanced: true,
  }),
  key: opt.path("Its private key, PEM, without a password.", { default: "", advanced: true }),
  strict: opt.flag(
    "Whether calls that make no sense get an error: 404 for an unknown section, 405 for another method than POST, 400 for what is no event. Otherwise they get 204 and a warning in the log, as from the Python connector.",
    { default: false, advanced: true },
  ),
  body_limit_kb: opt.integer("The largest body of a call in KB.", {
    default: 256,
    minimum: 1,
    maximum: 65_536,
    advanced: true,
  }),
  body_seconds: opt.integer("Seconds that a body may take to arrive.", {
    default: 10,
    minimum: 1,
    maximum: 240,
    advanced: true,
  }),
  idle_seconds: opt.integer("Seconds after which a connection without a call is closed.", {
    default: 60,
    minimum: 1,
    maximum: 255,
    advanced: true,
  }),
  calls_at_once: opt.integer("Calls of one address under way at once. 0 means no limit.", {
    default: 1000,
    advanced: true,
  }),
  calls_per_second: opt.integer("Calls of one address in a second. 0 means no limit.", {
    default: 1000,
    advanced: true,
  }),
  coalesce_seconds: opt.integer(
    "Events of one device within so many seconds become one fetch. Each event waits that long.",
    { default: 5, maximum: 3600, advanced: true },
  ),
  retry_minutes: opt.integer(
    "Minutes for which an event is tried again that cannot be worked off; then it is put aside.",
    { default: 360, maximum: 100_000, advanced: true },
  ),
  drain_seconds: opt.integer(
    "Seconds that the agent goes on working off events when it is told to end. The rest waits for the next start.",
    { default: 30, maximum: 3600, advanced: true },
  ),
  ...secretOptions,
} as const;

/** The values of {@linkcode serveOptions}. */
export type ServeOptions = Values<typeof serveOptions>;
