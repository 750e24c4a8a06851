import type { Command } from 'commander';
import {
  configOption,
  jsonOption,
  print,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

export function registerList(program: Command): void {
  const command = program
    .command('list')
    .description('list the modules in the store: newest version, number of versions, size')
    .argument('[pattern]', 'module paths, as GOPRIVATE takes them; default: all')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (pattern: string | undefined, options: ReportOptions) => {
      const { list } = await import('../list.js');
      const wanted = { ...options, ...(pattern !== undefined && { pattern }) };
      print(await withProgress('listing', (onProgress) => list({ ...wanted, onProgress })), options);
    });
  withHelp(command, {
    examples: [
      ['list', 'all modules in the cache'],
      ["list 'mycompany.com/go/*' --json", 'those that match a pattern of GOPRIVATE, as JSON'],
    ],
    notInOrder: 'the cache cannot be read',
  });
}
