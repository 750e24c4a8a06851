// Appends records one after the other, several at a time, and prints the number of each once it is answered.
import { readFileSync } from 'node:fs';
import { openLog } from '../../../../build/sumdb/log/log.js';
import { parseSignerKey } from '../../../../build/sumdb/format/note.js';

const [, , dir, witnessFile, keyFile] = process.argv;
const silent = { info: () => undefined, warn: () => undefined };
const log = openLog({ dir, witnessFile }, parseSignerKey(readFileSync(keyFile, 'utf8')), silent);

function record(number) {
  const hash = (text) => `h1:${Buffer.from(text.padEnd(32, '.')).toString('base64')}`;
  const [zip, mod] = [hash(`zip ${number}`), hash(`mod ${number}`)];
  return `ex.test/mod v1.0.${number} ${zip}\nex.test/mod v1.0.${number}/go.mod ${mod}\n`;
}

for (let next = log.size(); ; next += 3) {
  const numbers = await Promise.all([next, next + 1, next + 2].map((number) => log.append(record(number))));
  for (const number of numbers) process.stdout.write(`${number}\n`);
}
