/** Whether a directory can be read and written now. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../errors.js';

/** How long an answer holds, in milliseconds: the question is asked by anyone, and often. */
const HOLDS_MS = 1_000;
/** A disk that takes longer cannot be used (a network file system that hangs). */
const PATIENCE_MS = 5_000;

/** Why `dir` cannot be read and written, in words; undefined if it can. One question at a time reaches the disk. */
export function createDirectoryProbe(dir: string): () => Promise<string | undefined> {
  let asked: Promise<string | undefined> | undefined;
  return () => {
    if (asked === undefined) {
      asked = probe(dir);
      void asked.finally(() => setTimeout(() => (asked = undefined), HOLDS_MS).unref());
    }
    return asked;
  };
}

async function probe(dir: string): Promise<string | undefined> {
  const tooLate = new AbortController();
  const late = sleep(PATIENCE_MS, `it did not answer within ${PATIENCE_MS / 1000} s`, {
    ref: false,
    signal: tooLate.signal,
  }).catch(() => undefined);
  const reason = await Promise.race([tryOut(dir), late]);
  tooLate.abort();
  return reason === undefined ? undefined : `the cache directory cannot be used: ${reason}`;
}

async function tryOut(dir: string): Promise<string | undefined> {
  const file = join(dir, `.tmp-probe-${process.pid}-${randomBytes(4).toString('hex')}`);
  const content = randomBytes(16).toString('hex');
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(file, content, { flag: 'wx' });
    const read = await readFile(file, 'utf8');
    return read === content ? undefined : 'it does not give back what was written';
  } catch (error) {
    return errorMessage(error);
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}
