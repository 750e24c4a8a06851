/**
 * The one error class of the program.
 *
 * Layers throw a `ModhavenError` with a code; they never know HTTP. `proxy/http/http-errors.ts` holds the one table
 * from code to status. Anything thrown that is not a `ModhavenError` is a bug and is answered as such.
 *
 * The text has three parts because three questions are asked of it: what failed (`message`), why (`reason`), what
 * to do about it (`remedy`). All three are plain sentences without control characters and without credentials.
 */

/** What went wrong, in terms a caller can act on; docs/errors.md is made of this table. */
export const ERROR_MEANINGS = {
  INVALID_PATH: 'The path of a request is not a well-formed escaped module path.',
  INVALID_VERSION: 'The version of a request is not a well-formed escaped version.',
  MODULE_NOT_FOUND: 'No rule, no repository or no module at this path. A fact.',
  VERSION_NOT_FOUND: 'The module exists, the version or revision does not. A fact.',
  MODULE_INVALID:
    'The version exists but the go command refuses its content (go.mod, file names, size). A fact.',
  VERSION_GONE: 'The version was answered before, but its commit is no longer in the repository. A fact.',
  CHECKSUM_MISMATCH:
    'Content is not what a checksum database recorded for this version: it changed, or somebody changed it.',
  CHECKSUM_DATABASE: 'A checksum database sent something that its signed tree does not prove.',
  NOT_CACHED: 'The client forbade fetching (`Disable-Module-Fetch: true`) and the cache does not have it.',
  REPO_NOT_FOUND:
    'The git host answered that there is no such repository (or hides it from these credentials).',
  UPSTREAM_POLICY: 'The upstream proxy refuses to give it out (403), by a rule of its own.',
  LOGIN_NEEDED: 'What was asked for takes a login of this server, and the request has none.',
  HOST_REFUSED: 'The git host refused our credentials, or wants some and we have none.',
  HOST_UNREACHABLE: 'The git host could not be reached or did not speak the expected protocol.',
  HOST_TIMEOUT: 'The git host did not answer in time.',
  CONFIG: 'A configuration file or command line is wrong.',
  OVERLOADED: 'Too much work is waiting.',
  TOO_MANY_REQUESTS: 'Too many requests of this client are waiting.',
  SHUTTING_DOWN: 'The server is going down.',
  STORAGE: 'The cache directory cannot be read or written, or holds something it should not.',
} as const;

export type ErrorCode = keyof typeof ERROR_MEANINGS;

/**
 * Whose remedy it is. What `admin` can do names files, settings and commands of the server: the log, `/-/status` and the
 * commands of modhaven show it, and a developer is sent to the admin in its place.
 */
export type RemedyBy = 'caller' | 'admin';

export interface ModhavenErrorOptions {
  /** Why it failed, one sentence or clause. */
  reason?: string | undefined;
  /** What can be done about it: which file, which key, which value. */
  remedy?: string | undefined;
  /** Who can follow the remedy. Default: `caller`, who may be a developer with nothing but `go`. */
  remedyBy?: RemedyBy | undefined;
  cause?: unknown;
}

export class ModhavenError extends Error {
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly remedy: string | undefined;
  readonly remedyBy: RemedyBy;

  constructor(code: ErrorCode, message: string, options: ModhavenErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'ModhavenError';
    this.code = code;
    this.reason = options.reason;
    this.remedy = options.remedy;
    this.remedyBy = options.remedyBy ?? 'caller';
  }
}

/** Whether `error` is a `ModhavenError`, of one of `codes` if any are given. */
export function isModhavenError(error: unknown, ...codes: ErrorCode[]): error is ModhavenError {
  return error instanceof ModhavenError && (codes.length === 0 || codes.includes(error.code));
}

/**
 * What kept `file` from being read, for a reader that must go on whatever its content is: anything but a ModhavenError is a
 * fault of ours, which must not end a server that has good settings in memory.
 */
export function asConfigError(error: unknown, file: string): ModhavenError {
  if (isModhavenError(error)) return error;
  return new ModhavenError('CONFIG', `${file}: the file cannot be used because of a fault in modhaven`, {
    reason: errorMessage(error),
    remedy: 'Put the last content back, and report the fault with the content.',
    cause: error,
  });
}

/** The codes that state a fact about a module: asking again gives the same answer until somebody pushes. */
export const FACTS: readonly ErrorCode[] = [
  'MODULE_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'MODULE_INVALID',
  'REPO_NOT_FOUND',
  'VERSION_GONE',
];

/** Whether `error` says that something does not exist (as opposed to: could not be found out). */
export function isNotExist(error: unknown): error is ModhavenError {
  return isModhavenError(error, ...FACTS);
}

/** Whether the origin has answered, and there is nothing to be had: a fact, or a rule of the origin. Not an outage. */
export function isFinalAnswer(error: unknown): error is ModhavenError {
  return isNotExist(error) || isModhavenError(error, 'UPSTREAM_POLICY');
}

/** `error` with more to do, behind what its remedy says. It is its cause. */
export function withFurtherRemedy(error: ModhavenError, more: string): ModhavenError {
  const { code, message, reason, remedy } = error;
  return new ModhavenError(code, message, {
    reason,
    cause: error,
    remedy: remedy === undefined ? more : `${remedy}; ${more}`,
  });
}

/** One line: what failed, and why where that is known. */
export function messageAndReason({ message, reason }: Pick<ModhavenError, 'message' | 'reason'>): string {
  return reason === undefined ? message : `${message}: ${reason}`;
}

/** Anything thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(errorMessage(error));
}

/** The message of anything thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
