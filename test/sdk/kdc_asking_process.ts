/**
 * A process that waits for a KDC, with the environment that it is started with, and prints what came of that.
 *
 * @module
 */
import { AgentError } from "../../src/base/errors.ts";
import { awaitKdc } from "../../src/sdk/kerberos/kerberos.ts";

const [login = "{}", tickets = "{}", milliseconds] = process.argv.slice(2);
let ticks = 0;
const timer = setInterval(() => ticks++, 20);
const thrown = await awaitKdc(JSON.parse(login), JSON.parse(tickets), Number(milliseconds))
  .then(() => undefined, (error) => error);
clearInterval(timer);
const { name, message, hint } = thrown instanceof AgentError
  ? thrown
  : { name: "", message: thrown === undefined ? "" : String(thrown), hint: "" };
console.log(JSON.stringify({ name, message, hint: hint ?? "", ticks }));
