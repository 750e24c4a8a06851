/** The pages of docs/ that are made from definitions. */
import { configurationReference } from './configuration.js';
import { errorReference } from './errors.js';

/** File name in docs/ → its text. */
export function referencePages(): Record<string, string> {
  return { 'configuration.md': configurationReference(), 'errors.md': errorReference() };
}
