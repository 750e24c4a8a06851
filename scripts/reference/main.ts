/** `npm run reference`: writes the pages of docs/ that are made from definitions; a test fails while one of them is stale. */
import { writeFileSync } from 'node:fs';
import { referencePages } from './pages.js';

export function main(): void {
  for (const [name, text] of Object.entries(referencePages())) {
    writeFileSync(new URL(`../../docs/${name}`, import.meta.url), text);
  }
}
