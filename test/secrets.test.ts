import { describe, expect, it } from 'vitest';
import { noteSecret, strikeSecrets } from '../src/secrets.js';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('a secret that is known', () => {
  const secret = 'k9/Zq+w&"x 7%ü';
  noteSecret(secret);

  it.each([
    ['plain', secret],
    ['in a URL', encodeURIComponent(secret)],
    ['in a URL, in small letters', encodeURIComponent(secret).toLowerCase().replace('zq', 'Zq')],
    ['in a form', encodeURIComponent(secret).replaceAll('%20', '+')],
    ['in JSON', JSON.stringify(secret)],
    ['in HTML', 'k9/Zq+w&amp;&quot;x 7%ü'],
    ['in a header', `Authorization: Basic ${base64(`oauth2:${secret}`)}`],
    ['in base64 for URLs', Buffer.from(`a:${secret}`).toString('base64url')],
  ])('is struck %s', (_, text) => {
    const shown = strikeSecrets(`the host said [${text}].`);
    expect(shown).toContain('***');
    expect(shown).not.toMatch(/k9|Zq|azkvWnE/);
  });

  it.each(['', 'a', 'ab', 'abc', 'abcd', 'user@corp.test'])('is struck in base64 behind "%s:"', (user) => {
    noteSecret('hunter2-Canary');
    for (const encoding of ['base64', 'base64url'] as const) {
      const shown = strikeSecrets(Buffer.from(`${user}:hunter2-Canary`).toString(encoding));
      expect(Buffer.from(shown.replaceAll('***', ''), 'base64').toString()).not.toMatch(/unter2|Canar/);
    }
  });

  it('leaves what is not it', () => {
    const text = 'not found: corp.test/go/hunter2@v1.0.0: https://git.corp/k9/Zq';
    expect(strikeSecrets(text)).toBe(text);
  });
});

describe('a secret that is an ordinary word', () => {
  it('is struck where it stands alone, and not in the name of a module', () => {
    noteSecret('secret');
    noteSecret('abc');
    noteSecret('pw1!');
    expect(strikeSecrets('token "secret" of x, secret, =secret&')).toBe('token "***" of x, ***, =***&');
    const text = 'corp.test/go/secret@v1.0.0 corp.test/secrets abc corp.test/pw1';
    expect(strikeSecrets(text)).toBe(text);
    expect(strikeSecrets('password=pw1!')).toBe('password=***');
  });
});

describe('noteSecret', () => {
  it('takes nothing for a secret that is empty or far too short', () => {
    noteSecret(undefined);
    noteSecret('  ');
    noteSecret('x');
    expect(strikeSecrets('x  y')).toBe('x  y');
  });

  it('forgets the one that was not used for longest', () => {
    noteSecret('old-Secret-0');
    for (let i = 1; i <= 400; i += 1) noteSecret(`new-Secret-${i}`);
    expect(strikeSecrets('old-Secret-0 new-Secret-400 new-Secret-1')).toBe('old-Secret-0 *** ***');
  });
});
