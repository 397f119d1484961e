/**
 * Redirects that do not end, or that lead the credentials astray.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  answering,
  type Asked,
  checkHostile,
  peopleFrom,
  person,
  uploadHostile,
} from "./hostile_run.ts";

const canaries = ["00-canary-token", "token-of-the-recorder"];

/** Everything that a request says. */
function said(request: Asked): string {
  return [request.url, ...request.headers].join("\n");
}

test.each([301, 302, 303, 307, 308])(
  "a redirect with %d that never ends is an error",
  async (status) => {
    await using server = answering(({ url }) => {
      const step = Number(new URL(url).searchParams.get("step") ?? 0) + 1;
      return new Response(null, { status, headers: { Location: `/api/v1/users?step=${step}` } });
    });
    const run = await checkHostile(peopleFrom(server.url));
    expect(run.code).toBe(3);
    expect(run.output).toContain("Redirected more than 5 times");
    expect(server.asked.length).toBeLessThan(15);
  },
);

test.each([302, 307])(
  "a redirect with %d to another host is refused, and to a named one takes no credentials along",
  async (status) => {
    await using other = answering(() => Response.json([person(1)]));
    const elsewhere = other.url.replace("127.0.0.1", "localhost");
    await using server = answering(() =>
      new Response(null, {
        status,
        headers: { "Location": `${elsewhere}/stolen`, "Set-Cookie": "session=1" },
      })
    );
    const run = await uploadHostile(peopleFrom(server.url));
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("another host");
    expect(run.section.error?.hint).toContain("localhost into redirect_hosts");
    expect(other.asked).toEqual([]);
    await uploadHostile(`${peopleFrom(server.url)}redirect_hosts = LOCALHOST\n`);
    expect(server.asked.map(said).join()).toContain("00-canary-token");
    expect(other.asked.length).toBeGreaterThan(0);
    for (const request of other.asked) {
      for (const canary of canaries) expect(said(request)).not.toContain(canary);
      expect(request.headers.get("authorization")).toBeNull();
      expect(request.headers.get("cookie")).toBeNull();
    }
  },
);

test("the token and the records of Oomnitza do not follow a redirect to another host", async () => {
  await using other = answering(() => Response.json({}));
  const elsewhere = other.url.replace("127.0.0.1", "localhost");
  await using source = answering(() => Response.json([person(1)]));
  for (const status of [302, 307]) {
    const run = await uploadHostile(peopleFrom(source.url), {
      instance: {
        answer: ({ path }) =>
          path.includes("/bulk")
            ? { status, headers: { Location: `${elsewhere}${path}` } }
            : undefined,
      },
    });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("Redirected to http://localhost:");
  }
  expect(other.asked).toEqual([]);
});

test("a next page on another host, and one that is no address, are not asked for", async () => {
  await using other = answering(() => Response.json([person(2)]));
  const elsewhere = other.url.replace("127.0.0.1", "localhost");
  for (
    const link of [`${elsewhere}/api/v1/users?after=1`, "file:///etc/passwd", "javascript:1", "//"]
  ) {
    await using server = answering(({ url }) =>
      new URL(url).searchParams.has("after") ? Response.json([]) : new Response(
        JSON.stringify([person(1)]),
        { headers: { "Content-Type": "application/json", "Link": `<${link}>; rel="next"` } },
      )
    );
    const run = await uploadHostile(peopleFrom(server.url));
    expect([0, 3]).toContain(run.code);
    expect(run.section.error?.bug).not.toBe(true);
  }
  for (const request of other.asked) expect(said(request)).not.toContain("00-canary-token");
});
