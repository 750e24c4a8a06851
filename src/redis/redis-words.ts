/** What a Redis says when it refuses, or what kept it from being reached, in words for an admin. */
import { errorMessage } from '../errors.js';
import { redactLine } from '../redact.js';

/** Characters of what Redis said that are shown behind the words. */
const MAX_LENGTH = 200;

/** By what is in the message, wherever: an older Redis puts the errors of scripts into sentences of its own. */
const WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/\bWRONGPASS\b|invalid password/, 'it does not accept the user name or the password of redis:'],
  [/\bNOAUTH\b/, 'it wants a login, and redis: has none (redis://USER:PASSWORD@HOST)'],
  [/without any password configured/, 'it has no password, and redis: sends one'],
  [/\bNOPERM\b/, 'its ACL does not let this user do what replicas need: ~modhaven:* &modhaven:* +@all'],
  [/\bREADONLY\b/, 'it is a read-only copy of another Redis; name the one that takes writes'],
  [/\bOOM\b/, 'its memory is full (maxmemory)'],
  [/\bMISCONF\b/, 'it takes no writes, because it cannot write to its disk'],
  [/\bMASTERDOWN\b/, 'it is a copy of another Redis that is away'],
  [
    /\b(?:MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/,
    'it is a node of a Redis Cluster, which cannot be used; name a Redis that is alone, or a proxy before the cluster',
  ],
  [/\bLOADING\b/, 'it has just started and still loads its data'],
  [/\bBUSY\b/, 'it is busy with a script of another program'],
  [
    /unknown command/i,
    'it does not know a command of Redis; a Sentinel, for instance, is none: name the Redis itself',
  ],
  [/DB index is out of range|SELECT is not allowed/, 'it has no database of the number in redis:'],
  [/max number of clients/, 'it takes no more clients (maxclients)'],
  [/\bDENIED\b/, 'it is in protected mode and takes connections of its own machine alone'],
];

/** By the code of a failed connection. */
const CODES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority(),
  EAI_AGAIN: 'its name cannot be resolved now',
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'the connection broke off; redis:// is for plain connections, rediss:// for TLS',
  ENOTFOUND: 'its name cannot be resolved',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; write redis:// in place of rediss://',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority(),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority(),
};

function unknownAuthority(): string {
  return 'its certificate is not signed by an authority that is known here; NODE_EXTRA_CA_CERTS names more of them';
}

/** Whether Redis itself has refused something, as opposed to a connection that failed. */
export function isRefusal(error: unknown): boolean {
  return WORDS.some(([pattern]) => pattern.test(errorMessage(error)));
}

/** One line: what is wrong in words, where it is known, and what Redis or the system said. Without credentials. */
export function redisWords(error: unknown): string {
  const said = redactLine(errorMessage(error), MAX_LENGTH);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words = WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? CODES[code];
  if (words === undefined) return said === '' ? code : said;
  return `${words} (${said === '' ? code : said})`;
}
