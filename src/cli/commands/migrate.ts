import { Option, type Command } from 'commander';
import type { StoreKind } from '../migrate.js';
import {
  conclude,
  configOption,
  jsonOption,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

interface Options extends ReportOptions {
  from: StoreKind;
  to: StoreKind;
}

export function registerMigrate(program: Command): void {
  const store = (flag: string, what: string) =>
    new Option(`--${flag} <store>`, what).choices(['disk', 's3']).makeOptionMandatory();
  const command = program
    .command('migrate')
    .description('copy every finished version, checked, from the disk into the bucket of store.s3, or back')
    .addOption(store('from', 'where the versions are: disk (cache.dir) or s3'))
    .addOption(store('to', 'where they go'))
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { migrateStore } = await import('../migrate.js');
      conclude(
        await withProgress('copying', (onProgress) => migrateStore({ ...options, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      ['migrate --from disk --to s3', 'goes on where an earlier run ended; the server may run meanwhile'],
      ['migrate --from s3 --to disk --json', 'takes everything back, with a report for scripts'],
    ],
    notInOrder: 'a version is damaged or different; it is named and left out',
  });
}
