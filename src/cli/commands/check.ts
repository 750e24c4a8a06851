import type { Command } from 'commander';
import {
  conclude,
  configOption,
  jsonOption,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

interface Options extends ReportOptions {
  vanity?: string;
  try?: string;
}

export function registerCheck(program: Command): void {
  const command = program
    .command('check')
    .description('validate both YAML files and try every repository as the server would')
    .argument('[module...]', 'module paths to try; default: every rule')
    .addOption(configOption())
    .option('--vanity <file>', 'try this vanity.yaml in place of the one in use')
    .option('--try <name>', 'what stands for {name} in rules of which no module is stored yet')
    .addOption(jsonOption())
    .action(async (modules: string[], options: Options) => {
      const { check } = await import('../check.js');
      conclude(
        await withProgress('checking', (onProgress) => check({ ...options, modules, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      [
        'check --config modhaven.yaml',
        'tries every rule of vanity.yaml, and says where each setting comes from',
      ],
      ['check mycompany.com/go/foo mycompany.com/go/bar', 'tries the repositories of two modules'],
      ['check --try foo', 'has foo stand in for the {name} of patterns'],
    ],
    notInOrder: 'a repository cannot be read, or the server could not start',
  });
}
