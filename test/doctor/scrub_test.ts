/**
 * What looks like a secret is masked, and what does not stays.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { scrub } from "../../src/doctor/scrub.ts";

test.each([
  ["password=hunter2", "password=***"],
  ["passphrase : 'two words'", "passphrase : ***"],
  ['{"api_token": "abc", "id": 7}', '{"api_token": ***, "id": 7}'],
  ["api-key=k&page=2", "api-key=***&page=2"],
  ["Authorization2: abc", "Authorization2: ***"],
  ["authorization: Basic dXNlcjpwYXNz; next", "authorization: ***; next"],
  ["sent Bearer abcdefgh.ijkl to it", "sent Bearer *** to it"],
  ["proxy http://user:s3cret@proxy:3128", "proxy http://user:***@proxy:3128"],
  ["GET https://x.example/a?key=1&b=2 200", "GET https://x.example/a?*** 200"],
  ["got eyJhbGciOiJI.eyJzdWIi.c2ln here", "got *** here"],
  ["Set-Cookie: session=abc", "Set-Cookie: ***"],
])("%s", (text, expected) => {
  expect(scrub(text)).toBe(expected);
});

test.each([
  "12 records read, 3 skipped",
  "https://example.com/path#part",
  "bearer of news",
  "user@example.com asked at 10:30",
  "the token expired",
])("unchanged: %s", (text) => {
  expect(scrub(text)).toBe(text);
});
