/** `npm run reference`: writes the pages of docs/ that are made from definitions; a test fails while one of them is stale. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from './pages.js';

export function main(): void {
  for (const [name, text] of Object.entries(referencePages())) {
    mkdirSync(new URL('../../docs/json/', import.meta.url), { recursive: true });
    writeFileSync(new URL(`../../docs/${name}`, import.meta.url), text);
  }
}
