/**
 * OAuth 1.0a signatures, with the examples of RFC 5849.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  oauth1BaseString,
  oauth1Encode,
  oauth1Header,
  oauth1Signature,
} from "../../src/sdk/http/oauth1.ts";

const consumer = { consumerKey: "dpf43f3p2l4k3l03", consumerSecret: "kd94hf93k423kf44" };

test("the base string of RFC 5849 3.4.1.1", () => {
  const base = oauth1BaseString(
    "POST",
    "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
    [
      ["oauth_consumer_key", "9djdj82h48djs9d2"],
      ["oauth_token", "kkk9d7dh3k39sjv7"],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131201"],
      ["oauth_nonce", "7d8f3e4a"],
      ["c2", ""],
      ["a3", "2 q"],
    ],
  );
  expect(base).toBe(
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D" +
      "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a" +
      "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201" +
      "%26oauth_token%3Dkkk9d7dh3k39sjv7",
  );
});

test("the signature of the first request of RFC 5849 1.2, without a token", () => {
  const base = oauth1BaseString("POST", "https://photos.example.net/initiate", [
    ["oauth_consumer_key", consumer.consumerKey],
    ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", "137131200"],
    ["oauth_nonce", "wIjqoS"],
    ["oauth_callback", "http://printer.example.com/ready"],
  ]);
  expect(oauth1Encode(oauth1Signature(base, consumer))).toBe("74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D");
});

test("the signature of the last request of RFC 5849 1.2, with a token and a query", () => {
  const keys = { ...consumer, token: "nnch734d00sl2jdk", tokenSecret: "pfkkdhi9sl3r4s00" };
  const base = oauth1BaseString(
    "GET",
    "http://photos.example.net/photos?file=vacation.jpg&size=original",
    [
      ["oauth_consumer_key", keys.consumerKey],
      ["oauth_token", keys.token],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131202"],
      ["oauth_nonce", "chapoH"],
    ],
  );
  expect(oauth1Encode(oauth1Signature(base, keys))).toBe("MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D");
});

test("the encoding of RFC 5849 3.6", () => {
  expect(oauth1Encode("-._~Az09")).toBe("-._~Az09");
  expect(oauth1Encode("!'()* +/=&%ä")).toBe("%21%27%28%29%2A%20%2B%2F%3D%26%25%C3%A4");
});

test("a header names the realm, signs all but it, and never repeats a nonce", () => {
  const request = {
    method: "GET",
    url: "https://example.com/session",
    keys: { consumerKey: "CK_1", consumerSecret: "CS_1", token: "AT_1", tokenSecret: "AS_1" },
    realm: "ADM",
  };
  const read = () =>
    Object.fromEntries(
      [...oauth1Header(request).matchAll(/(\w+)="([^"]*)"/g)].map((
        [, name = "", value = ""],
      ) => [name, decodeURIComponent(value)]),
    );
  const { realm, oauth_signature, ...signed } = read();
  expect(realm).toBe("ADM");
  expect(signed).toMatchObject({
    oauth_consumer_key: "CK_1",
    oauth_token: "AT_1",
    oauth_signature_method: "HMAC-SHA1",
    oauth_version: "1.0",
  });
  expect(Math.abs(Number(signed.oauth_timestamp) - Date.now() / 1000)).toBeLessThan(5);
  const base = oauth1BaseString("GET", request.url, Object.entries(signed));
  expect(oauth_signature).toBe(oauth1Signature(base, request.keys));
  expect(read().oauth_nonce).not.toBe(signed.oauth_nonce ?? "");
});
