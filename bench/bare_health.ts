/**
 * The reference of the history benchmark: a server that does nothing but answer.
 *
 * @module
 */
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("ok\n") });
console.log(JSON.stringify({ url: `http://127.0.0.1:${server.port}` }));
