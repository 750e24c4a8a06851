import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { programFile } from '../../program-files.js';
import { jsonOption, withHelp } from '../common/command-parts.js';

/** The version of this program. */
export const VERSION = readVersion();

function readVersion(): string {
  const text = readFileSync(programFile('../package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

export function registerVersion(program: Command): void {
  const command = program
    .command('version')
    .description('print the version of modhaven and of Node.js')
    .addOption(jsonOption())
    .action(({ json = false }: { json?: boolean }) => {
      const { platform, arch, versions } = process;
      const text = json
        ? JSON.stringify({ modhaven: VERSION, node: versions.node, platform, arch }, null, 2)
        : `modhaven ${VERSION} (Node.js ${versions.node}, ${platform} ${arch})`;
      process.stdout.write(`${text}\n`);
    });
  withHelp(command, {
    examples: [
      ['version', 'the version of modhaven and of Node.js'],
      ['--version', 'the version of modhaven alone'],
    ],
  });
}
