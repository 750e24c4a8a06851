/** `npm run chaos -- --kills N`: kills at moments of chance, and fails if anything is not as it has to be. */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { chaos } from './chaos.js';

interface Options {
  kills: number;
  seed: number;
}

export async function main(argv: readonly string[]): Promise<void> {
  await new Command('chaos')
    .description('Kills a server and commands with kill -9 under load, and looks at what they leave.')
    .option('--kills <n>', 'how many', whole, 200)
    .option('--seed <n>', 'makes the same choices again', whole, randomInt(2 ** 31))
    .action(run)
    .parseAsync(argv);
}

async function run({ kills: count, seed }: Options): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`seed ${seed}`);
  const { kills, answers, findings } = await chaos({ kills: count, seed, say });
  for (const [victim, killed] of Object.entries(kills)) say(`${String(killed).padStart(5)}  ${victim}`);
  say(`${count} kills, ${answers} answers, ${findings.length} findings, seed ${seed}`);
  if (findings.length > 0) process.exitCode = 1;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}
