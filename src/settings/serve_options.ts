/**
 * The options of `[serve]`: who may post to the webhook listener, and its limits and timeouts.
 *
 * @module
 */

import { opt, optional, type Values } from "../sdk/option.ts";
import { secretOptions } from "./section_options.ts";

/** Everything that can be set in `[serve]`. */
export const serveOptions = {
  auth: optional(opt.choice(
    "How callers authenticate: with user name and password (basic), with a secret in a header (header), or not at all (none). Without it, the agent listens on loopback only.",
    ["none", "basic", "header"],
    { example: "header" },
  )),
  username: opt.text("User name for auth = basic.", { default: "", example: "webhook" }),
  password: opt.secret("Password for auth = basic.", { default: "", example: "change-me" }),
  password_old: opt.secret(
    "A second password that is accepted while callers switch to the new one.",
    {
      default: "",
      advanced: true,
    },
  ),
  header: opt.text("Name of the header for auth = header.", { default: "X-Webhook-Secret" }),
  secret: opt.secret("Value of the header for auth = header.", {
    default: "",
    example: "a-long-random-text",
  }),
  secret_old: opt.secret("A second secret that is accepted while callers switch to the new one.", {
    default: "",
    advanced: true,
  }),
  allow: opt.text(
    "Addresses and networks that may post, separated by spaces or commas. Default: all.",
    { default: "", example: "192.0.2.0/24 2001:db8::/32" },
  ),
  hosts: opt.text(
    "Host names under which callers reach the agent, separated by spaces or commas. IP addresses and localhost always work. Without it, and without auth, other names are refused.",
    { default: "", example: "hooks.example.com" },
  ),
  trusted_proxies: opt.text(
    "Addresses and networks of reverse proxies whose X-Forwarded-For header is trusted.",
    { default: "", example: "127.0.0.1" },
  ),
  cert: opt.path(
    "Certificate chain for HTTPS, PEM. Changes of the file are picked up while running.",
    {
      default: "",
      advanced: true,
    },
  ),
  key: opt.path("Private key of the certificate, PEM, without a password.", {
    default: "",
    advanced: true,
  }),
  strict: opt.flag(
    "Whether invalid calls get an error: 404 for an unknown section, 405 for a method other than POST, 400 for a body that is not an event. Otherwise they get 204 and a warning in the log, as from the Python connector.",
    { default: false, advanced: true },
  ),
  body_limit_kb: opt.integer("Maximum size of a call's body in KB.", {
    default: 256,
    minimum: 1,
    maximum: 65_536,
    advanced: true,
  }),
  body_seconds: opt.integer("Timeout for receiving the body of a call, in seconds.", {
    default: 10,
    minimum: 1,
    maximum: 240,
    advanced: true,
  }),
  idle_seconds: opt.integer("Seconds after which an idle connection is closed.", {
    default: 60,
    minimum: 1,
    maximum: 255,
    advanced: true,
  }),
  calls_at_once: opt.integer(
    "Maximum number of concurrent calls from one address. 0 means no limit.",
    {
      default: 1000,
      advanced: true,
    },
  ),
  calls_per_second: opt.integer(
    "Maximum number of calls per second from one address. 0 means no limit.",
    {
      default: 1000,
      advanced: true,
    },
  ),
  coalesce_seconds: opt.integer(
    "Events of one device within this many seconds are combined into one fetch. Each event waits that long.",
    { default: 5, maximum: 3600, advanced: true },
  ),
  retry_minutes: opt.integer(
    "Minutes for which an event that fails is retried; then it becomes a dead letter.",
    { default: 360, maximum: 100_000, advanced: true },
  ),
  drain_delay: opt.integer(
    "Seconds between a request to stop and the moment at which calls are refused. Meanwhile /readyz answers 503, so that a load balancer sends calls elsewhere: more than it takes to notice. 0 means at once.",
    { default: 0, maximum: 300, example: "15", advanced: true },
  ),
  drain_seconds: opt.integer(
    "Seconds that the agent goes on processing events after a request to stop and drain_delay. The rest waits for the next start.",
    { default: 30, maximum: 3600, advanced: true },
  ),
  ...secretOptions,
} as const;

/** The values of {@linkcode serveOptions}. */
export type ServeOptions = Values<typeof serveOptions>;
