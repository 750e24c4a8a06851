/** The two files of a command under test, in a folder of their own. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempDir } from '../../support/tmp.js';

export interface Files {
  dir: string;
  config: string;
  vanity: string;
}

export async function files(content: { config?: string; vanity: string }): Promise<Files> {
  const dir = await tempDir('cli');
  const config = path.join(dir, 'modhaven.yaml');
  const vanity = path.join(dir, 'vanity.yaml');
  await writeFile(config, content.config ?? '');
  await writeFile(vanity, content.vanity);
  return { dir, config, vanity };
}
