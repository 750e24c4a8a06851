import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModhavenError, type ErrorCode } from '../../../src/errors.js';
import {
  cacheControlOf,
  developerText,
  errorText,
  statusOf,
  withRequestId,
} from '../../../src/proxy/http/http-errors.js';

const STATUS: Record<ErrorCode, number> = {
  INVALID_PATH: 400,
  INVALID_VERSION: 400,
  MODULE_NOT_FOUND: 404,
  VERSION_NOT_FOUND: 404,
  MODULE_INVALID: 404,
  REPO_NOT_FOUND: 404,
  VERSION_GONE: 410,
  CHECKSUM_MISMATCH: 403,
  CHECKSUM_DATABASE: 502,
  NOT_CACHED: 404,
  LOGIN_NEEDED: 401,
  UPSTREAM_POLICY: 403,
  HOST_REFUSED: 502,
  HOST_UNREACHABLE: 502,
  HOST_TIMEOUT: 504,
  OVERLOADED: 503,
  TOO_MANY_REQUESTS: 429,
  SHUTTING_DOWN: 503,
  CONFIG: 500,
  STORAGE: 503,
};
const CODES = Object.keys(STATUS) as ErrorCode[];

/** Sentences, long ones too, of all kinds of characters, with line breaks and secrets in between. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.stringMatching(/^[a-z ]{0,300}$/),
      fc.constantFrom(
        '\n',
        '\n\n',
        '\r\n \r\n',
        '\u2028',
        '\u0085',
        '\t',
        '\u0000',
        '\u001b[31m',
        '\u200b\n',
        '\ud800',
        '',
      ),
      fc.constantFrom(
        'https://oauth2:CANARY@git.corp/x',
        'https://CANARY@git.corp',
        'Authorization: Basic CANARY00',
        'private_token=CANARY&x',
      ),
      fc.constantFrom('日本語'.repeat(60), '😀'.repeat(120), 'x'.repeat(1000)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(' '));

describe('developerText', () => {
  const options = {
    reason: 'it has rights 000',
    remedy: 'chmod it in modhaven.yaml',
    remedyBy: 'admin',
  } as const;

  it('sends a developer to the admin, not to a file of the server', () => {
    const text = developerText(
      new ModhavenError('HOST_REFUSED', 'cannot read http://h/x', options),
      'go.acme.test',
    );
    expect(text).toContain('cannot read http://h/x\nit has rights 000\ntell the admin of go.acme.test: ');
    expect(text).not.toContain('modhaven.yaml');
    const missing = developerText(new ModhavenError('REPO_NOT_FOUND', 'x', options), 'go.acme.test');
    expect(missing).toContain('check the spelling; if it is right, tell the admin of go.acme.test: ');
  });

  it('leaves out paths of the server where its own files fail, and no module path or URL', () => {
    const reason = "open '/srv/cache/download/a.zip': EACCES, for acme.test/x/y";
    const error = new ModhavenError('STORAGE', 'cannot read http://h/x', { ...options, reason });
    const text = developerText(error);
    expect(text).toContain("open 'a file of the server': EACCES, for acme.test/x/y");
    expect(text).toContain('http://h/x');
    expect(text).not.toContain('/srv');
  });

  it.each([
    [
      'the git host refused the credentials (vcs.hosts.git.corp:8443.token)',
      'the git host refused the credentials',
    ],
    ['the git host refused the credentials (from ~/.netrc)', 'the git host refused the credentials'],
    ['it hides it from this login (vcs.hosts."git.corp".token_file)', 'it hides it from this login'],
    ['the key of vcs.hosts."git.corp".identity_file is old', 'the key of a setting of the server is old'],
    ['/etc/mh/modhaven.yaml:3:1 says so', 'the configuration of the server says so'],
  ])('names no key of the server: %s', (reason, shown) => {
    const error = new ModhavenError('HOST_REFUSED', 'cannot read x', { ...options, reason });
    expect(developerText(error).split('\n')[1]).toBe(shown);
  });

  it('takes a remedy that names a setting for the admin, whatever it says of itself', () => {
    const error = new ModhavenError('HOST_UNREACHABLE', 'x', {
      remedy: 'correct upstream: in modhaven.yaml',
    });
    expect(developerText(error, 'go.acme.test')).toMatch(/^x\ntell the admin of go\.acme\.test: /);
  });

  it('keeps what a developer can do', () => {
    const error = new ModhavenError('VERSION_NOT_FOUND', 'no tag', { remedy: 'push it' });
    expect(developerText(error, 'go.acme.test')).toBe('no tag\npush it\n');
  });
});

describe('withRequestId', () => {
  it('adds a line that is there whatever the text is, within the limits', () => {
    expect(withRequestId('cannot read it\nit is gone\n', 'ab-1')).toBe(
      'cannot read it\nit is gone\nrequest id: ab-1\n',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...CODES),
        text,
        text,
        fc.nat({ max: 64 }),
        (code, message, reason, length) => {
          const id = 'x'.repeat(Math.max(1, length));
          const shown = withRequestId(errorText(new ModhavenError(code, message, { reason })), id);
          expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(600);
          expect(shown.split('\n').length).toBeLessThanOrEqual(9);
          expect(shown.endsWith(`request id: ${id}\n`)).toBe(true);
          expect(shown).not.toContain('\n\n');
        },
      ),
    );
  });
});

describe('errorText', () => {
  it('says what failed, why and what to do, a line each', () => {
    const error = new ModhavenError('REPO_NOT_FOUND', 'cannot read it', {
      reason: 'it is gone',
      remedy: 'look again',
    });
    expect(errorText(error)).toBe('cannot read it\nit is gone\nlook again\n');
  });

  it('keeps the lines of a list of bad files', () => {
    const error = new ModhavenError('MODULE_INVALID', 'create zip: a: bad\nb: bad\nc: bad\nand 3 more', {
      remedy: 'rename',
    });
    expect(errorText(error)).toBe('create zip: a: bad\nb: bad\nc: bad\nand 3 more\nrename\n');
  });

  it('cuts between characters, and says that it did', () => {
    const line = errorText(new ModhavenError('STORAGE', '😀'.repeat(300))).trimEnd();
    expect(line).toMatch(/^(😀)+\.\.\.$/u);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(220);
  });

  it('keeps room for the cause and the advice, however long the first part is', () => {
    const long = 'word '.repeat(200);
    const shown = errorText(
      new ModhavenError('STORAGE', long, { reason: 'the cause', remedy: 'the advice' }),
    );
    expect(shown.split('\n').slice(1)).toEqual(['the cause', 'the advice', '']);
  });

  it('is shown whole by the go command, whatever the error says, and tells no secret', () => {
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        fc.option(text, { nil: undefined }),
        (message, reason, remedy) => {
          const shown = errorText(new ModhavenError('HOST_REFUSED', `x${message}`, { reason, remedy }));
          expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(600);
          expect(shown.endsWith('\n')).toBe(true);
          const lines = shown.slice(0, -1).split('\n');
          expect(lines.length).toBeLessThanOrEqual(8);
          for (const line of lines) expect(line.trim()).not.toBe('');
          // What cmd/go/internal/web calls fit for a terminal: graphic characters and spaces.
          expect(shown).toMatch(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]*$/u);
          expect(shown).not.toContain('\ufffd\ufffd');
          expect(shown).not.toContain('CANARY');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('statusOf', () => {
  it.each(CODES.map((code) => ({ code, status: STATUS[code] })))(
    'answers $code with $status',
    ({ code, status }) => {
      expect(statusOf(code)).toBe(status);
    },
  );
});

/** Answers for one client, or one moment, that are not outages. */
const UNKEPT = ['LOGIN_NEEDED', 'UPSTREAM_POLICY', 'NOT_CACHED', 'CHECKSUM_MISMATCH', 'TOO_MANY_REQUESTS'];

describe('cacheControlOf', () => {
  it('lets no cache keep an outage, nor a fact for longer than a minute', () => {
    for (const code of CODES) {
      const seconds = /^public, max-age=(\d+)$/.exec(cacheControlOf(code))?.[1];
      if (statusOf(code) >= 500 || UNKEPT.includes(code)) {
        expect(cacheControlOf(code)).toBe('no-store');
      } else if (statusOf(code) !== 400) {
        expect(Number(seconds), code).toBeLessThanOrEqual(60);
      }
    }
  });
});
