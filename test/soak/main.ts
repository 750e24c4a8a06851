/** `npm run soak -- --minutes N`: prints a curve, and fails if it is not flat. */
import { Command } from 'commander';
import { soak } from './soak.js';

interface Options {
  minutes: string;
  clients: string;
  modules: string;
}

export async function main(argv: readonly string[]): Promise<void> {
  await new Command('soak')
    .description('Keeps many clients on a server, and samples its memory, handles and children.')
    .option('--minutes <n>', 'how long', '10')
    .option('--clients <n>', 'how many at the same time', '500')
    .option('--modules <n>', 'how many modules are stored', '1000')
    .action(async ({ minutes, clients, modules }: Options) => {
      const seconds = Number(minutes) * 60;
      const { problems, handlesBefore, handlesAfter } = await soak({
        clients: Number(clients),
        modules: Number(modules),
        seconds,
        every: Math.max(1, seconds / 60),
        say: (line) => process.stdout.write(`${line}\n`),
      });
      process.stdout.write(`handles: ${handlesBefore} before, ${handlesAfter} after\n`);
      process.stdout.write(problems.length === 0 ? 'flat\n' : `NOT FLAT: ${problems.join('; ')}\n`);
      if (problems.length > 0) process.exitCode = 1;
    })
    .parseAsync(argv);
}
