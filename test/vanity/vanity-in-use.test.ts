/** What happens to the rules in use when the file, or which file it is, changes. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { vanityInUse } from '../../src/vanity/vanity-in-use.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
let lines: string[];
beforeEach(async () => {
  dir = await tempDir('vanity');
  lines = [];
});

const write = (what: string) => (first: unknown, second?: unknown) => {
  lines.push(`${what} ${typeof first === 'string' ? first : String(second)}`);
};
const log = { info: write('info'), warn: write('warn'), error: write('error') };

async function file(name: string, text: string): Promise<string> {
  const full = path.join(dir, name);
  await writeFile(full, text);
  return full;
}

const rules = (repo: string): string => `host: my.example\npaths: { /x: "${repo}" }\n`;
const repoOf = (inUse: ReturnType<typeof vanityInUse>): string | undefined =>
  inUse.current().rules[0]?.sources[0];

it('a good edit is in use at once, and a bad one changes nothing', async () => {
  const name = await file('a.yaml', rules('http://one.example/x'));
  const inUse = vanityInUse({ file: () => name, defaultHost: () => '', log });
  await file('a.yaml', rules('http://two.example/x'));
  expect(inUse.reload()).toBe(true);
  expect(repoOf(inUse)).toBe('http://two.example/x');

  await file('a.yaml', 'paths: [');
  expect(inUse.reload()).toBe(false);
  expect(repoOf(inUse)).toBe('http://two.example/x');
  expect(inUse.lastError()?.code).toBe('CONFIG');
  expect(lines.at(-1)).toContain('error vanity.yaml has an error');

  await file('a.yaml', rules('http://three.example/x'));
  expect(inUse.reload()).toBe(true);
  expect(inUse.lastError()).toBeUndefined();
});

it('an edit that is written halfway does not take all rules away; an empty map does', async () => {
  const name = await file('a.yaml', rules('http://one.example/x'));
  const inUse = vanityInUse({ file: () => name, defaultHost: () => '', log });
  for (const text of [
    '',
    '# later\n',
    'host: my.example\n',
    'host: my.example\npaths:\n',
    'paths:\n  # /x: y\n',
  ]) {
    await file('a.yaml', text);
    expect(inUse.reload(), text).toBe(false);
    expect(repoOf(inUse)).toBe('http://one.example/x');
    expect(inUse.lastError()?.message).toContain('write "paths: {}" to have none');
  }
  await file('a.yaml', 'host: my.example\npaths: {}\n');
  expect(inUse.reload()).toBe(true);
  expect(inUse.current().rules).toEqual([]);
  // Nothing is lost by it any more.
  await file('a.yaml', 'host: my.example\npaths:\n');
  expect(inUse.reload()).toBe(true);
});

it('a switch to a bad file keeps the old one, and both are watched', async () => {
  let name = await file('a.yaml', rules('http://one.example/x'));
  const inUse = vanityInUse({ file: () => name, defaultHost: () => '', log });
  name = path.join(dir, 'b.yaml');
  expect(inUse.reload()).toBe(false);
  expect(repoOf(inUse)).toBe('http://one.example/x');
  expect(inUse.files()).toEqual([path.join(dir, 'a.yaml'), name]);
  expect(lines.at(-1)).toContain('the old one stays in use');

  await file('b.yaml', rules('http://two.example/x'));
  expect(inUse.reload()).toBe(true);
  expect(repoOf(inUse)).toBe('http://two.example/x');
  expect(inUse.files()).toEqual([name]);
});

it('a bad file at the start is an error', async () => {
  const name = await file('a.yaml', 'paths: [');
  expect(() => vanityInUse({ file: () => name, defaultHost: () => '', log })).toThrow(
    expect.objectContaining({ code: 'CONFIG' }) as Error,
  );
});
