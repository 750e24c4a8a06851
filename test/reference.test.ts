/** The pages of docs/ that are made from definitions say what the definitions say now. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { referencePages } from '../scripts/reference/pages.js';

it.each(Object.entries(referencePages()))('docs/%s is up to date (npm run reference)', (name, text) => {
  const written = readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');
  // JSON as data: the formatter has its own idea of short lists.
  if (name.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(text));
  else expect(written).toBe(text);
});
