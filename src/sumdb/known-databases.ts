/** The public checksum databases whose keys the go command knows (`cmd/go/internal/modfetch/key.go`). */
import { parseVerifierKey, type Verifier } from './note.js';

const KEYS: ReadonlyMap<string, string> = new Map([
  ['sum.golang.org', 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'],
]);

/** The key of the database `name`; undefined if it is none of these. */
export function knownDatabase(name: string): Verifier | undefined {
  const key = KEYS.get(name);
  return key === undefined ? undefined : parseVerifierKey(key);
}
