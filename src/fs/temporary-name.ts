/** Names of files that are not finished: no reader takes them for anything, and `gc` removes those of dead processes. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { processTag } from './process-tag.js';

/** How the names of unfinished files begin. */
export const TEMPORARY = '.tmp-';

/** A name beside others in `folder` that no reader takes for a finished file. */
export function temporaryName(folder: string): string {
  return join(folder, `${TEMPORARY}${processTag()}-${randomBytes(6).toString('hex')}`);
}
