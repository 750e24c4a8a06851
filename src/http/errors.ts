/** What Node and undici say of connections, in words for people. */
import { codeOf, isIdleTimeout } from './request.js';

/**
 * Why `url` could not be asked, as one clause; it never holds more of the address than host and port. What is not known
 * here is told in the words of the library.
 */
export function describeHttpError(error: unknown, url: URL): string {
  const root = rootOf(error);
  const host = url.host;
  const code = codeOf(root) ?? '';
  const words = WORDS[code];
  if (words !== undefined) return words(host, url);
  if (isIdleTimeout(root)) return `${host} did not answer in time`;
  if (code.startsWith('HPE_')) return `${host} answers with something that is not http`;
  const message = root instanceof Error ? root.message : String(root);
  const refused = /Proxy response \((\d+)\)/.exec(message)?.[1];
  if (refused === '407' || message.startsWith('Proxy Authentication Required')) {
    return 'the web proxy (HTTP_PROXY, HTTPS_PROXY) wants a login';
  }
  if (refused !== undefined) {
    return `the web proxy (HTTP_PROXY, HTTPS_PROXY) does not lead to ${host}: it answered ${refused}`;
  }
  if (/wrong version number|unknown protocol|packet length too long/i.test(message)) {
    return `${host} does not speak TLS`;
  }
  return message === '' ? code : message;
}

type Words = (host: string, url: URL) => string;

const unknownAuthority: Words = (host) =>
  `the TLS certificate of ${host} is not signed by an authority that this server knows`;
const brokenOff: Words = (host) => `${host} broke off the connection`;
const noWay: Words = (host) => `no route leads from this server to ${host}`;

/** By the `code` of an error. */
const WORDS: Readonly<Record<string, Words>> = {
  ENOTFOUND: (_, { hostname }) => `the host name ${hostname} is not known to this server`,
  EAI_AGAIN: (_, { hostname }) => `the name server did not answer for ${hostname}`,
  ECONNREFUSED: (host) => `nothing listens at ${host}`,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EADDRNOTAVAIL: noWay,
  ETIMEDOUT: (host) => `${host} did not answer in time`,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  UND_ERR_SOCKET: brokenOff,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: (host) => `${host} sent another number of bytes than it announced`,
  UND_ERR_HEADERS_OVERFLOW: (host) => `${host} sent more headers than are read`,
  CERT_HAS_EXPIRED: (host) => `the TLS certificate of ${host} has expired`,
  CERT_NOT_YET_VALID: (host) =>
    `the TLS certificate of ${host} is not valid yet (or the clock of this server is wrong)`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `the TLS certificate of ${host} was made for another name`,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ERR_SSL_WRONG_VERSION_NUMBER: (host) => `${host} does not speak TLS`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: (host) => `${host} does not speak TLS`,
};

/** Several addresses of one host fail together; undici hides some errors behind its own. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors[0];
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(error) === undefined && cause instanceof Error ? rootOf(cause) : error;
}
