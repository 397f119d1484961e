/**
 * Errors of the operating system and of the network in our own words, by their code.
 *
 * @module
 */

/** Why it did not work, to be put after what was tried: `Cannot read /etc/agent.ini: permission denied`. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "a part of its path is not a directory"],
  ["EISDIR", "it is a directory"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EEXIST", "it exists already"],
  ["EBUSY", "another program has it open"],
  ["ETXTBSY", "it is a program that is running"],
  ["EMFILE", "too many files are open; raise the limit of the process (ulimit -n)"],
  ["ENFILE", "too many files are open on this machine"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "the file would be larger than is allowed"],
  ["EROFS", "the file system is read-only"],
  ["EIO", "the disk reports an error"],
  ["ELOOP", "its symbolic links go in a circle"],
  ["ENAMETOOLONG", "its name is too long"],
  ["ECONNREFUSED", "nothing listens at this host and port"],
  ["ConnectionRefused", "nothing listens at this host and port"],
  ["ECONNRESET", "the connection was closed before the answer was complete"],
  ["ConnectionClosed", "the connection was closed before the answer was complete"],
  ["EPIPE", "the connection was closed by the other side"],
  ["ECONNABORTED", "the connection was closed"],
  ["ETIMEDOUT", "there was no answer in time"],
  ["ENOTFOUND", "the name of the host is not known to DNS"],
  ["EAI_AGAIN", "DNS does not answer"],
  ["EHOSTUNREACH", "there is no way to this host in the network"],
  ["ENETUNREACH", "there is no way to this network"],
  ["EADDRINUSE", "another program listens there already"],
  ["EADDRNOTAVAIL", "this machine does not have this address"],
  ["FailedToOpenSocket", "no connection could be opened"],
  ["Malformed_HTTP_Response", "the answer is not HTTP"],
  ["ZlibError", "the answer cannot be unpacked as its Content-Encoding says"],
  ["CERT_HAS_EXPIRED", "the certificate has expired"],
  ["CERT_NOT_YET_VALID", "the certificate is not valid yet"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "the certificate is for another name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate is signed by itself"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "the certificate is signed by an authority that is not trusted"],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "the certificate is signed by an authority that is not trusted",
  ],
  [
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "the certificate is signed by an authority that is not trusted",
  ],
  ["UNABLE_TO_GET_ISSUER_CERT", "the certificate is signed by an authority that is not trusted"],
  ["UNKNOWN_CERTIFICATE_VERIFICATION_ERROR", "the certificate could not be checked"],
  ["SQLITE_BUSY", "another program has it open"],
  ["SQLITE_LOCKED", "another program has it open"],
  ["SQLITE_READONLY", "it may not be written"],
  ["SQLITE_PERM", "permission denied"],
  ["SQLITE_CANTOPEN", "it cannot be opened"],
  ["SQLITE_FULL", "the disk is full"],
  ["SQLITE_IOERR", "the disk reports an error"],
  ["SQLITE_NOTADB", "it is no database"],
  ["SQLITE_CORRUPT", "it is damaged"],
]);

/** Why it did not work, by the code of the error; undefined for one that is not known. */
export function describeSystemError(code: string): string | undefined {
  // SQLite says more precisely what failed after the code itself: SQLITE_IOERR_WRITE.
  return reasons.get(code) ?? reasons.get(/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? "");
}
