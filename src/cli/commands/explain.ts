import type { Command } from 'commander';
import {
  conclude,
  configOption,
  jsonOption,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('tell the whole story of one module: rule, repository, cache, git, and what go is told')
    .argument('<module[@version]>', 'module path, and if need be a version, tag, branch or commit')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (module: string, options: ReportOptions) => {
      const { explain } = await import('../explain.js');
      conclude(
        await withProgress('asking', (onProgress) => explain({ ...options, module, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      ['explain mycompany.com/go/foo', 'rule, repository, login, cache and answers for the newest version'],
      ['explain mycompany.com/go/foo@main --json', 'the same for a branch, as JSON'],
    ],
    notInOrder: 'go would get an error',
  });
}
