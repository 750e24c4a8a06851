/** Two people: ann, who is in the groups core and admin, and bob, who is in none. The password of both is "right". */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import bcrypt from 'bcrypt';

/** Writes their files into `dir`, the folder of a server; the result is its `auth:`. corp.test/secret is for core alone. */
export async function annAndBob(dir: string) {
  const hash = bcrypt.hashSync('right', 4);
  await writeFile(path.join(dir, 'users'), `ann:${hash}\nbob:${hash}\n`);
  await writeFile(path.join(dir, 'groups'), 'ann: core, admin\n');
  return {
    htpasswd_file: './users',
    groups_file: './groups',
    rules: [
      { modules: 'corp.test/secret', allow: ['group:core'] },
      { modules: 'corp.test/*', allow: ['authenticated'] },
    ],
  };
}
