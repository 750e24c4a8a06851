import type { Command } from 'commander';
import { conclude, configOption, jsonOption, withHelp, type ReportOptions } from '../common/command-parts.js';
import { VERSION } from './version.js';

export function registerReport(program: Command): void {
  const command = program
    .command('report')
    .description('print what a helper needs: versions, configuration without secrets, status, recent errors')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: ReportOptions) => {
      const { report } = await import('../report.js');
      conclude(await report({ ...options, version: VERSION }), options);
    });
  withHelp(command, {
    examples: [
      ['report --config modhaven.yaml > report.txt', 'a file to send to a person who helps'],
      ['report --json', 'the same as JSON'],
    ],
    notInOrder: 'a file has an error, or the server does not answer',
  });
}
