import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { programFile } from '../src/program-files.js';

it('finds what lies beside the sources, and the manifest above them', () => {
  const text = readFileSync(programFile('../package.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ name: 'modhaven' });
  expect(readFileSync(programFile('web/static/style.css'), 'utf8')).toContain('{');
});
