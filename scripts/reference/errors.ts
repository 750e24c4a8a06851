/** docs/errors.md: what can go wrong, from the table of src/errors.ts and the statuses of the HTTP edge. */
import { ERROR_MEANINGS, type ErrorCode } from '../../src/errors.js';
import { statusOf } from '../../src/proxy/http/http-errors.js';

interface Advice {
  developer: string;
  admin: string;
}

const TELL_ADMIN = 'Tell the admin of the proxy.';

/** What either of the two can do. A code that is added to the table has to be added here: the compiler says so. */
const ADVICE: Record<ErrorCode, Advice> = {
  INVALID_PATH: {
    developer: 'Correct the module path. A tool that makes URLs must write `!a` for `A`.',
    admin: 'Nothing.',
  },
  INVALID_VERSION: {
    developer: 'Correct the version or revision. A slash in a branch name needs a commit hash in its place.',
    admin: 'Nothing.',
  },
  MODULE_NOT_FOUND: {
    developer:
      'Check the spelling; the answer names a module that is nearly called so, where you may read it.',
    admin: '`modhaven explain MODULE` shows which rule is meant. Without one, add a rule to vanity.yaml.',
  },
  VERSION_NOT_FOUND: {
    developer:
      'Push the tag (`git push origin v1.2.3`), or ask for a version of `go list -m -versions MODULE`.',
    admin: '`modhaven explain MODULE@VERSION` shows the tags that count, and those that do not.',
  },
  MODULE_INVALID: {
    developer: 'The answer names the file. Mend it in the repository and tag a new version.',
    admin: 'Nothing.',
  },
  VERSION_GONE: {
    developer: 'Take another version.',
    admin:
      'The history of the repository was rewritten. Push the commit again, or restore `download/` from a backup.',
  },
  CHECKSUM_MISMATCH: {
    developer: `Do not build with it. ${TELL_ADMIN}`,
    admin:
      'Find out which of the two is right ([Checksum database](checksum-database.md)). A purged version comes back with its old content only.',
  },
  CHECKSUM_DATABASE: {
    developer: TELL_ADMIN,
    admin: 'Ask the database by another way: a server in between may have changed its answer.',
  },
  NOT_CACHED: {
    developer: 'The client asked for what is stored only. Ask again without that header.',
    admin: '`modhaven warm MODULE@VERSION` fetches it.',
  },
  REPO_NOT_FOUND: {
    developer: `Check the spelling. ${TELL_ADMIN}`,
    admin:
      'Correct `repo:` in vanity.yaml, or give the login of the server the right to read: hosts hide what may not be read.',
  },
  LOGIN_NEEDED: {
    developer: 'Put a login for the proxy into `~/.netrc`. The answer says what it is needed for.',
    admin: 'Nothing. `modhaven token add NAME` makes a login.',
  },
  UPSTREAM_POLICY: {
    developer: 'The answer holds what the upstream says. Take another version, or ask who keeps its rules.',
    admin:
      'The rule is one of the proxy that `upstream:` names; a wrong login there may be told as one, too.',
  },
  HOST_REFUSED: {
    developer: TELL_ADMIN,
    admin:
      '`modhaven check MODULE` names the login that was used and what to change ([Git hosts](git-hosts.md)).',
  },
  HOST_UNREACHABLE: {
    developer: TELL_ADMIN,
    admin: '`modhaven check MODULE` says where it ends: name, port, certificate, web proxy.',
  },
  HOST_TIMEOUT: {
    developer: 'Try again in a minute.',
    admin: 'Look at the host. `vcs.timeout` and `vcs.connect_timeout` are how long it may take.',
  },
  CONFIG: {
    developer: TELL_ADMIN,
    admin: 'The message names file, line and column. `modhaven check` looks at all of it.',
  },
  OVERLOADED: {
    developer: 'Try again after the seconds in `Retry-After`; `go` does not by itself.',
    admin: '`/-/status` shows what is waiting; `vcs.concurrency` and `workers` are how much is done at once.',
  },
  TOO_MANY_REQUESTS: {
    developer: 'Wait until some of your own requests have been answered; fewer at a time reach the same end.',
    admin:
      'One address (with one login) has more than `limits.client_queue` requests waiting. Where many machines share an address, raise it, or let `trust_proxy` name the proxy in front.',
  },
  SHUTTING_DOWN: { developer: 'Try again in a minute.', admin: 'Nothing: it ends as it should.' },
  STORAGE: {
    developer: TELL_ADMIN,
    admin:
      'The log names the file and what the system said of it. `/-/readyz` is 503 until it is mended ([Running it](operations.md)).',
  },
};

/** Answers that are not failures of the table. */
const OTHER_ANSWERS: readonly (readonly [string, string, string])[] = [
  [
    '401',
    'a login is needed, or the one that was sent is wrong or has expired',
    'put the line of the answer into `~/.netrc`; `go` sends it over https only',
  ],
  [
    '403',
    'the login is right, and has no right to this module',
    'ask the admin; the answer is the same where there is no such module',
  ],
  ['405', 'the method is not GET or HEAD', 'correct the client'],
  ['413', 'the body is larger than this route takes', 'correct the client'],
  [
    '429',
    'too many wrong logins, or more requests than one caller may send',
    'wait for the seconds in `Retry-After`; correct the login',
  ],
];

/** The text of docs/errors.md. */
export function errorReference(): string {
  const codes = Object.keys(ERROR_MEANINGS).filter(isCode);
  const lines = [
    '# Errors',
    '',
    '<!-- Made by `npm run reference` from src/errors.ts and scripts/reference/errors.ts; edit there. -->',
    '',
    'An answer over HTTP says what failed, why, and what to do, in at most 8 lines and 600 bytes of plain text; `go` prints it as it is.',
    'What only the admin can change stands in the log, in `/-/status` and in what the commands print. A fact (404, 410) was said by the',
    'origin of the module; what is broken or out of reach is 5xx, so that no client takes it for a fact.',
    '',
    'A command prints the same as a sentence on standard error. It exits with 2 for `CONFIG` and wrong usage, and with 1 for any other',
    'failure; `--verbose` adds the stack.',
    '',
    '## By status',
    '',
    '| status | codes |',
    '| --- | --- |',
  ];
  for (const status of [...new Set(codes.map(statusOf))].sort((a, b) => a - b)) {
    const same = codes.filter((code) => statusOf(code) === status);
    lines.push(`| ${status} | ${same.map((code) => `[${code}](#${code.toLowerCase()})`).join(', ')} |`);
  }
  lines.push('', '| status | it means | what to do |', '| --- | --- | --- |');
  for (const row of OTHER_ANSWERS) lines.push(`| ${row.join(' | ')} |`);
  for (const code of codes) {
    const { developer, admin } = ADVICE[code];
    lines.push('', `## ${code}`, '', `${ERROR_MEANINGS[code]} HTTP ${statusOf(code)}.`, '');
    lines.push(`- Developer: ${developer}`, `- Admin: ${admin}`);
  }
  return `${lines.join('\n')}\n`;
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_MEANINGS, code);
}
