/** Files that modhaven.yaml names, read as a whole. */
import { readFileSync } from 'node:fs';
import { ModhavenError, errorMessage } from '../errors.js';

/** The text of `file`. Throws CONFIG, with this remedy, where it cannot be read. */
export function readText(file: string, remedy: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ModhavenError('CONFIG', `cannot read ${file}`, { reason: errorMessage(error), remedy });
  }
}
