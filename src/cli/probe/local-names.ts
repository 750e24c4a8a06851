/** The repositories that a pattern of local paths stands for: the folder beside it has them all. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Names that are tried of one pattern: the point is whether it works, not every repository of the company. */
const MAX_NAMES = 20;

/**
 * What may stand for `{name}` in `pattern`, an absolute path with `{name}` once, in its last element. Empty where that is not
 * so, or nothing is there. Sorted.
 */
export async function localNames(pattern: string): Promise<string[]> {
  const [before = '', after, ...more] = path.basename(pattern).split('{name}');
  const folder = path.dirname(pattern);
  if (after === undefined || more.length > 0 || folder.includes('{name}')) return [];
  const entries = await readdir(folder).catch(() => []);
  return entries
    .filter((entry) => entry.startsWith(before) && entry.endsWith(after) && !entry.startsWith('.'))
    .map((entry) => entry.slice(before.length, entry.length - after.length))
    .filter((name) => name !== '')
    .sort()
    .slice(0, MAX_NAMES);
}
