/**
 * A certificate for tests of HTTPS. Its key is public by being here: it protects nothing.
 *
 * @module
 */

/** Self-signed, for localhost and 127.0.0.1, good until 2120; both as PEM text. */
export const selfSigned = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBaDCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH5Mxv1nHEN8iSxT
JdxcWmSBunob5qqj4YehyU9Kz49tGMljfsu4AeK1z1AILAyaOrLyU6pRsZBxHtQZ
Uo+obWyjTjBMMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0
hwR/AAABMB0GA1UdDgQWBBQB4TgAp3wCD4rUi7sj+fpYTMUB1DAKBggqhkjOPQQD
AgNJADBGAiEA0sUXRChOTMNxKDrqTS3ZS1A/+8DBJl27QUi3Ijyu4dsCIQD8mTko
eaWx6cdYu0Jjeq4oRR4m4/HpoQZ0K65/WuSdJw==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggKopjJ3w5EI9OeNE
RaD0UeJbjTLa3EYoGiOAx/inLYKhRANCAAR+TMb9ZxxDfIksUyXcXFpkgbp6G+aq
o+GHoclPSs+PbRjJY37LuAHitc9QCCwMmjqy8lOqUbGQcR7UGVKPqG1s
-----END PRIVATE KEY-----
`,
};
