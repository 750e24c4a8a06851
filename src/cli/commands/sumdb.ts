import type { Command } from 'commander';
import {
  conclude,
  configOption,
  jsonOption,
  print,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

interface VerifyFlags extends ReportOptions {
  renewWitness?: boolean;
}

export function registerSumdb(program: Command): void {
  const sumdb = program.command('sumdb').description('the checksum database of your own');
  withHelp(sumdb, {
    examples: [
      ['sumdb keygen --name sum.mycompany.com', 'makes its key, once'],
      ['sumdb verify', 'proves that what is stored is what it recorded'],
    ],
    notInOrder: 'a record is not proved, or the cache differs',
  });

  const keygen = sumdb
    .command('keygen')
    .description('make its key, and say what to do with it')
    .requiredOption('--name <name>', 'its name, such as sum.mycompany.com')
    .option('--out <file>', 'file for the private key', './sumdb.key')
    .action(async (options: { name: string; out: string }) => {
      const { sumdbKeygen } = await import('../sumdb.js');
      print(await sumdbKeygen(options), {});
    });
  withHelp(keygen, {
    examples: [
      [
        'sumdb keygen --name sum.mycompany.com',
        'writes ./sumdb.key, and says what belongs into modhaven.yaml',
      ],
      ['sumdb keygen --name sum.mycompany.com --out /etc/modhaven/sumdb.key', 'writes it elsewhere'],
    ],
  });

  const status = sumdb
    .command('status')
    .description('show its size, root hash, key and witness')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: ReportOptions) => {
      const { sumdbStatus } = await import('../sumdb.js');
      print(await sumdbStatus(options), options);
    });
  withHelp(status, {
    examples: [
      ['sumdb status', 'its name, size, root hash and key'],
      ['sumdb status --json', 'the same as JSON'],
    ],
  });

  const verify = sumdb
    .command('verify')
    .description('prove that all its records are signed, and that what is stored is what was recorded')
    .addOption(configOption())
    .option('--renew-witness', 'its witness is lost: take it for whole, and make a new one')
    .addOption(jsonOption())
    .action(async (options: VerifyFlags) => {
      const { sumdbVerify } = await import('../sumdb.js');
      conclude(
        await withProgress('verifying', (onProgress) => sumdbVerify({ ...options, onProgress })),
        options,
      );
    });
  withHelp(verify, {
    examples: [
      ['sumdb verify', 'reads and hashes the whole log and compares the cache with it'],
      ['sumdb verify --renew-witness', 'after the witness file was lost'],
    ],
    notInOrder: 'a record is not proved, or the cache differs',
  });
}
