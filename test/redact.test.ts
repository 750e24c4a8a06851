import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactDeep, redactLine } from '../src/redact.js';
import { noteSecret } from '../src/secrets.js';

/** Where a secret has been seen in what git, ssh, curl, hosts and configuration say; `§` marks it. */
const POSITIONS: { name: string; text: string }[] = [
  {
    name: 'password of an http URL',
    text: "fatal: unable to access 'http://oauth2:§@10.1.2.3:8080/x.git/': 403",
  },
  { name: 'password of an https URL', text: 'https://u:§@git.corp/x' },
  { name: 'password without a user name', text: 'https://:§@git.corp/x' },
  { name: 'token as user name', text: 'remote: https://§@git.corp/x not found' },
  { name: 'token as user name, empty password', text: 'https://§:@git.corp/x' },
  { name: 'token as user name, fixed password', text: 'https://§:x-oauth-basic@git.corp/x' },
  { name: 'URL in capitals', text: 'HTTPS://u:§@git.corp/x' },
  { name: 'URL in quotes', text: '"https://u:§@git.corp/x"' },
  { name: 'URL in brackets', text: '(https://u:§@git.corp/x)' },
  { name: 'URL behind a word character', text: 'url_https://u:§@git.corp/x' },
  { name: 'URL of git+https', text: 'git+https://u:§@git.corp/x' },
  { name: 'URL without a path', text: 'https://u:§@git.corp' },
  { name: 'URL with IPv6', text: 'https://u:§@[::1]:8443/x' },
  { name: 'ssh URL', text: 'ssh://git:§@git.corp:22/x' },
  { name: 'ftp URL', text: 'ftp://u:§@git.corp/x' },
  { name: 'proxy URL', text: 'http_proxy=http://u:§@proxy.corp:3128' },
  { name: 'password with an @', text: 'https://u:a@§@git.corp/x' },
  { name: 'password with a slash', text: 'https://u:a/§@git.corp/x' },
  { name: 'password with a colon', text: 'https://u:a:§@git.corp/x' },
  { name: 'password split by a control character', text: 'https://u:a\u0007§@git.corp/x' },
  { name: 'password split by an invisible character', text: 'https://u:a\u200b§@git.corp/x' },
  { name: 'scheme split by a NUL', text: 'htt\u0000ps://u:§@git.corp/x' },
  { name: 'two URLs in one line', text: 'http://a:§@x/ https://b:§@y/' },
  { name: 'two URLs without a space', text: 'http://a:§@x/,https://b:§@y/' },
  { name: 'basic authorization', text: 'Authorization: Basic §' },
  { name: 'bearer authorization', text: 'authorization: Bearer §' },
  { name: 'authorization of another scheme', text: '> AUTHORIZATION: Negotiate §' },
  { name: 'authorization without a scheme', text: 'Authorization: §' },
  { name: 'proxy authorization', text: 'Proxy-Authorization: Basic §' },
  { name: 'authorization in JSON', text: '{"authorization":"Bearer §","x":1}' },
  { name: 'http.extraHeader', text: 'http.extraHeader=AUTHORIZATION: bearer §' },
  { name: 'bearer alone', text: 'sent bearer § to' },
  { name: 'GitLab header', text: 'PRIVATE-TOKEN: §' },
  { name: 'GitLab job header', text: 'JOB-TOKEN: §' },
  { name: 'query parameter private_token', text: '/api?private_token=§&page=1' },
  { name: 'query parameter access_token', text: '/api?x=1&access_token=§' },
  { name: 'query parameter token', text: '/api?token=§' },
  { name: 'environment variable', text: 'GITLAB_TOKEN=§ modhaven serve' },
  { name: 'environment variable in quotes', text: 'WEBHOOK_SECRET="§ two words §"' },
  { name: 'credential helper', text: 'username=oauth2 password=§' },
  { name: 'password in JSON', text: '{"password": "§"}' },
  { name: 'password in YAML', text: "password: '§ and more §'" },
  { name: 'passphrase', text: 'passphrase: §' },
  { name: 'API key', text: 'api-key=§' },
  { name: 'client secret', text: 'client_secret=§' },
];

const CANARIES = [
  'S3cr3tCanary',
  'glpat-x3Y_z-1234567890ab',
  '7f3a9c51d2',
  'Zm9vOmJhcjE=',
  'pa%40ss%2Fw1',
  'hunter2x',
];

describe('redact', () => {
  it.each(POSITIONS)('hides the $name', ({ text }) => {
    for (const canary of CANARIES) {
      const shown = redact(text.replaceAll('§', () => canary));
      expect(shown).not.toContain(canary);
      expect(shown).toContain('***');
    }
  });

  it.each([
    'glpat-abcdefghij0123456789',
    'ghp_abcdefghij0123456789',
    'github_pat_11ABCDEFG0abcdefgh',
    'gldt-abcdefghij01',
  ])('knows %s for a token wherever it stands', (token) => {
    expect(redact(`it said ${token}, twice: "${token}"`)).toBe('it said ***, twice: "***"');
  });

  it.each([
    'ssh://git@git.corp:29418/go/foo',
    'git@git.corp:go/foo.git: Permission denied (publickey).',
    'http://10.10.30.30:8080/go/foo.git',
    'http://localhost:8081/mycompany.com/go/foo/@v/v1.0.0.info',
    'not found: mycompany.com/go/foo@v1.0.0: unknown revision sub/v1.0.0',
    'https://git.corp/go/foo@v1.2.3 and me@corp.com',
    'set token or token_file under vcs.hosts.git.corp, or add a line to ~/.netrc',
    'the git host refused the credentials (vcs.hosts.10.10.30.30.token)',
    'Basic authentication failed; token authentication required',
    'line 3: unexpected token: foo',
    'größe/日本語/😀.go: case-insensitive file name collision',
    'not found: mycompany.com/go/secret: unknown revision v1.0.0',
    'corp.test/my-password: v1.0.0 was commit 0123456789ab, which is gone',
    'corp.test/x/private_token: its go.mod declares corp.test/x',
    'corp.test/authorization: no rule',
    'corp.test/go/basic v1.2.3-0.20240102030405-0123456789ab',
    'corp.test/token v1.0.0-rc.1 and corp.test/bearer v0.0.0-20240102030405-0123456789ab',
    '{"corp.test/secret": "v1.0.0", "corp.test/api-key": "v2"}',
  ])('leaves alone what is not a secret: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('keeps the user name of ssh and the host', () => {
    expect(redact('ssh://git:x@git.corp/y')).toBe('ssh://git:***@git.corp/y');
    expect(redact('https://oauth2:x@git.corp/y')).toBe('https://***@git.corp/y');
  });

  it('leaves graphic characters, spaces and line ends', () => {
    expect(redact('a\r\nb\rc\td\u001b[1;31mred\u001b[0m\u0007\u200b\u202ee\u2028f\ufeff\ud800g\u0085h')).toBe(
      'a\nb\nc drede fg h',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(redact(text)).toMatch(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]*$/u);
      }),
    );
  });
});

it('strikes a known secret before anything is cut off', () => {
  noteSecret('a;b"c-Canary');
  expect(redact('token=a;b"c-Canary and a;b"c-\u0007Canary')).toBe('token=*** and ***');
});

describe('redactDeep', () => {
  it('strikes every string, and leaves everything else', () => {
    const at = new Date(0);
    expect(redactDeep({ a: ['https://u:p@h/'], n: 1, at, none: null })).toEqual({
      a: ['https://***@h/'],
      n: 1,
      at,
      none: null,
    });
  });
});

describe('redactLine', () => {
  it('makes one line of many', () => {
    expect(redactLine('  a\n\n b\t\tc \r\n')).toBe('a b c');
  });

  it('cuts after redacting, so that no half secret is left', () => {
    for (let before = 0; before < 60; before += 1) {
      expect(
        redactLine(`${'x'.repeat(before)} https://user:S3cr3tCanary@git.corp/a/long/path`, 40),
      ).not.toMatch(/S3c|ser:/);
    }
  });

  it('never is longer than asked, nor ends in half a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.integer({ min: 4, max: 50 }),
        (text, max) => {
          const line = redactLine(text, max);
          expect(line.length).toBeLessThanOrEqual(max);
          expect(line).not.toMatch(/\p{Cs}|\n/u);
        },
      ),
    );
  });
});
