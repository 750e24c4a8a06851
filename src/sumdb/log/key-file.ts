/** The file that holds the private key of our own checksum database. */
import { statSync } from 'node:fs';
import { ModhavenError, errorMessage } from '../../errors.js';
import { hasCode } from '../../fs/file-errors.js';
import { readNamedSync } from '../../fs/regular-file.js';
import { parseSignerKey, type Signer } from '../format/note.js';

export interface KeySettings {
  /** As in GOSUMDB: a host name. */
  name: string;
  keyFile: string;
}

/** Bytes of a key file: a key is one line. */
const MAX_BYTES = 64 * 1024;

/** Reads the key of the database `name`. Throws CONFIG; the key is in no message. */
export function readSigner({ name, keyFile }: KeySettings): Signer {
  let signer: Signer;
  try {
    signer = parseSignerKey((readNamedSync(keyFile, MAX_BYTES) ?? '').toString('utf8').trim());
  } catch (error) {
    throw new ModhavenError('CONFIG', `${keyFile}: the key of the checksum database cannot be used`, {
      reason: errorMessage(error),
      remedy: hasCode(error, 'ENOENT')
        ? `restore the file, if there was one: no other key can go on with its database; for a new database make one with: modhaven sumdb keygen --name ${name} --out ${keyFile}`
        : 'restore the file from a backup: no other key can go on with this database, and a new one needs a new name',
      remedyBy: 'admin',
      cause: error,
    });
  }
  // A person who has it can sign another history, and no client would notice.
  if ((statSync(keyFile).mode & 0o004) !== 0) {
    throw new ModhavenError(
      'CONFIG',
      `${keyFile}: every account of this machine can read the key of the checksum database`,
      {
        remedy: `chmod 600 ${keyFile} (a Kubernetes secret: defaultMode: 0440); if others may have read it, make a new key under a new name`,
        remedyBy: 'admin',
      },
    );
  }
  if (signer.verifier.name !== name) {
    throw new ModhavenError(
      'CONFIG',
      `${keyFile}: this key is for ${signer.verifier.name}, not for ${name}`,
      {
        remedy: 'a key belongs to one name: correct sumdb.name, or name the key file that fits',
        remedyBy: 'admin',
      },
    );
  }
  return signer;
}
