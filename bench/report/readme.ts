/** The table of the last run in bench/README.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { renderReport } from './table.js';
import type { Report } from './report.js';

const README = fileURLToPath(new URL('../README.md', import.meta.url));

const BEGIN = '<!-- begin of the last run -->';
const END = '<!-- end of the last run -->';

export async function updateReadme(report: Report): Promise<void> {
  const text = await readFile(README, 'utf8');
  await writeFile(README, replaceBetween(text, renderReport(report, 'markdown')));
}

/** `text` with `content` between the two marks. Throws if they are not there. */
export function replaceBetween(text: string, content: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the text does not have ${BEGIN} before ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${content}\n${text.slice(end)}`;
}
