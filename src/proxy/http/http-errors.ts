/**
 * The one place that knows which failure is which HTTP status, and how a failure reads.
 *
 * A fact is 404 or 410, an outage is 5xx, never the other way round: on 404 the go command looks elsewhere, on
 * anything else it stops and shows our text. It shows at most 8 lines and 648 bytes of plain text, ends at the first
 * blank line and drops everything if there is a single control character.
 */
import { ModhavenError, type ErrorCode } from '../../errors.js';
import { redactLine } from '../../redact.js';

interface Reply {
  status: number;
  /** Seconds that the answer may be kept by anybody; 0 forbids keeping it. */
  maxAge: number;
}

const REPLIES = {
  INVALID_PATH: { status: 400, maxAge: 86_400 },
  INVALID_VERSION: { status: 400, maxAge: 86_400 },
  MODULE_NOT_FOUND: { status: 404, maxAge: 5 },
  VERSION_NOT_FOUND: { status: 404, maxAge: 5 },
  MODULE_INVALID: { status: 404, maxAge: 60 },
  REPO_NOT_FOUND: { status: 404, maxAge: 5 },
  VERSION_GONE: { status: 410, maxAge: 5 },
  // Not 404 or 410: the go command would look for the version elsewhere, in place of showing the text.
  CHECKSUM_MISMATCH: { status: 403, maxAge: 0 },
  CHECKSUM_DATABASE: { status: 502, maxAge: 0 },
  NOT_CACHED: { status: 404, maxAge: 0 },
  LOGIN_NEEDED: { status: 401, maxAge: 0 },
  // A proxy of the company refused the module by its rules: go stops, and shows the text.
  UPSTREAM_POLICY: { status: 403, maxAge: 0 },
  HOST_REFUSED: { status: 502, maxAge: 0 },
  HOST_UNREACHABLE: { status: 502, maxAge: 0 },
  HOST_TIMEOUT: { status: 504, maxAge: 0 },
  OVERLOADED: { status: 503, maxAge: 0 },
  TOO_MANY_REQUESTS: { status: 429, maxAge: 0 },
  SHUTTING_DOWN: { status: 503, maxAge: 0 },
  CONFIG: { status: 500, maxAge: 0 },
  STORAGE: { status: 503, maxAge: 0 },
} as const satisfies Record<ErrorCode, Reply>;

/** Bytes of an error text, line ends included. The go command would show 48 more. */
const MAX_BYTES = 600;
const MAX_LINES = 8;

/** HTTP status of a failure. */
export function statusOf(code: ErrorCode): number {
  return REPLIES[code].status;
}

/** Cache-Control of a failure. */
export function cacheControlOf(code: ErrorCode): string {
  const { maxAge } = REPLIES[code];
  return maxAge === 0 ? 'no-store' : `public, max-age=${maxAge}`;
}

/**
 * A failure as an HTTP answer. `admin` is the address whose admin a developer is sent to; `meant` a module that was perhaps
 * meant, and that the sender may read.
 */
export function failureReply(
  error: ModhavenError,
  admin?: string,
  meant?: string,
): {
  status: number;
  headers: Record<string, string>;
  body: string;
} {
  const status = statusOf(error.code);
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': cacheControlOf(error.code),
      ...(status === 401 && { 'www-authenticate': 'Basic realm="modhaven"' }),
      ...((status === 503 || status === 429) && { 'retry-after': '5' }),
      ...(error.code === 'SHUTTING_DOWN' && { connection: 'close' }),
    },
    body: developerText(error, admin, meant),
  };
}

/**
 * The text of a failure for a developer, who can change neither a file nor a setting of the server at `admin`, and is told of
 * neither.
 */
export function developerText(error: ModhavenError, admin = 'the Go proxy', meant?: string): string {
  const { code } = error;
  const [message, reason] = [error.message, error.reason].map((text) =>
    withoutSettings(ABOUT_FILES.includes(code) ? withoutFiles(text) : text),
  );
  const remedy = callersRemedy(error, admin, meant);
  return errorText(new ModhavenError(code, message ?? '', { reason, remedy }));
}

function callersRemedy(error: ModhavenError, admin: string, meant: string | undefined): string | undefined {
  const { code, remedy, remedyBy } = error;
  const isAdmins = remedyBy === 'admin' || (remedy !== undefined && OF_THE_SERVER.test(remedy));
  const tell = `tell the admin of ${admin}: the log of the server and its /-/status say what to change`;
  const theirs = isAdmins && remedy !== undefined ? tell : remedy;
  if (meant !== undefined) return `${didYouMean(meant)}${theirs === undefined ? '' : ` If not, ${theirs}`}`;
  const isOfSpelling = theirs === tell && MAY_BE_MISSPELT.includes(code);
  return isOfSpelling ? `check the spelling; if it is right, ${tell}` : theirs;
}

/** What only the server has: its two files, and the keys of one of them. */
const OF_THE_SERVER = /\b(?:modhaven|vanity)\.yaml\b|\bvcs\.(?:hosts|timeout|connect_timeout|concurrency)\b/;

/** The login that the server used has a name, such as vcs.hosts.HOST.token, for its admin alone. */
function withoutSettings(text: string | undefined): string | undefined {
  return text
    ?.replace(/ \((?:from )?(?:vcs\.hosts\.[^()\n]*|~\/\.netrc|none configured)\)/g, '')
    .replace(/,? or the one in ~\/\.netrc was refused/g, ', or it was refused')
    .replace(/\bvcs\.hosts\.("[^"\n]*"|[^\s"',;()]+)(?:\.[a-z_]+)?/g, 'a setting of the server')
    .replace(/(?:\/[^\s'"()]*\/)?\b(?:modhaven|vanity)\.yaml\b(?::\d+)*/g, 'the configuration of the server');
}

function didYouMean(module: string): string {
  return `did you mean ${module}?`;
}

const MAY_BE_MISSPELT: readonly ErrorCode[] = ['MODULE_NOT_FOUND', 'REPO_NOT_FOUND'];

/** Failures of the server's own files: what their texts have of absolute paths is a file of the server. */
const ABOUT_FILES: readonly ErrorCode[] = ['STORAGE', 'CONFIG'];

function withoutFiles(text: string | undefined): string | undefined {
  return text?.replace(/(^|[\s'"(:])\/[^\s'":)/][^\s'":)]*/g, '$1a file of the server');
}

/** The text of a failure for the operator of the server: what failed, why, what to do. */
export function errorText(error: ModhavenError): string {
  const what = lines(error.message, 220, 4);
  // The reason of a refusal by an upstream's rules may be long; there is no remedy then.
  const why = error.remedy === undefined ? lines(error.reason, 360, 4) : lines(error.reason, 170, 1);
  const used = [...what, ...why].reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return (
    [...what, ...why, ...lines(error.remedy, MAX_BYTES - used - 1, 1)].slice(0, MAX_LINES).join('\n') + '\n'
  );
}

/** An error text with the id of its request as the last line, by which the log is searched; shortened to have room for it. */
export function withRequestId(text: string, requestId: string): string {
  const last = `request id: ${requestId}\n`;
  return [...lines(text, MAX_BYTES - last.length - 1, MAX_LINES - 1), last].join('\n');
}

/** At most `maxLines` lines of `text` fit to be shown, together at most `maxBytes` long. */
function lines(text: string | undefined, maxBytes: number, maxLines: number): string[] {
  const result: string[] = [];
  let left = maxBytes;
  for (const line of (text ?? '').split('\n').slice(0, maxLines)) {
    const shown = cut(redactLine(line, maxBytes), left);
    if (shown === '') continue;
    result.push(shown);
    left -= Buffer.byteLength(shown) + 1;
  }
  return result;
}

function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  if (maxBytes < 8) return '';
  const bytes = Buffer.from(text).subarray(0, maxBytes - 3);
  return `${bytes.toString('utf8').replace(/\ufffd+$/, '')}...`;
}
