/** The public checksum databases whose keys the go command knows (`cmd/go/internal/modfetch/key.go`). */
import { parseVerifierKey, type Verifier } from '../format/note.js';

/** The one that the go command asks where nothing else is set. */
export const PUBLIC_DATABASE = parseVerifierKey(
  'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
);

/** Their names. */
export const KNOWN_DATABASES: readonly string[] = [PUBLIC_DATABASE.name];

/** The key of the database `name`; undefined if it is not one of these. */
export function knownDatabase(name: string): Verifier | undefined {
  return name === PUBLIC_DATABASE.name ? PUBLIC_DATABASE : undefined;
}
