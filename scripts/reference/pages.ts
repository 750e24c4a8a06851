/** The pages of docs/ that are made from definitions. */
import { configurationReference } from './configuration.js';
import { errorReference } from './errors.js';
import { jsonOutputSchemas } from './json-output.js';

/** File name in docs/ → its text. */
export function referencePages(): Record<string, string> {
  const schemas = Object.fromEntries(
    Object.entries(jsonOutputSchemas()).map(([name, text]): [string, string] => [`json/${name}`, text]),
  );
  return {
    'configuration.md': configurationReference(),
    'errors.md': errorReference(),
    ...schemas,
  };
}
