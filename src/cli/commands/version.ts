import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';

/** The version of this program. */
export const VERSION = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the version of modhaven and of Node.js')
    .action(() => {
      process.stdout.write(
        `modhaven ${VERSION} (Node.js ${process.versions.node}, ${process.platform} ${process.arch})\n`,
      );
    });
}
