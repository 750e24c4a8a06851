/** Whether the bytes of a stored part can be what was stored: judged by what was recorded then, else by themselves. */
import { inSlices } from '../concurrency/slices.js';
import { errorMessage } from '../errors.js';
import { goModHash, isHash1 } from '../module/files/dirhash.js';
import { readGoMod } from '../module/go-mod.js';
import { decodeInfo } from '../module/info.js';
import { infoSum, type VersionSums } from './recorded-sums.js';
import type { Part } from './version-store.js';

/** The `h1:` hash that a `.ziphash` file holds; undefined if it holds anything else. */
export function zipHashIn(bytes: Buffer | undefined): string | undefined {
  const text = bytes?.toString('latin1').trim() ?? '';
  return isHash1(text) ? text : undefined;
}

/** What is wrong with a small part; undefined if nothing is. */
export async function partProblem(
  { version, kind }: Part & { kind: 'info' | 'mod' | 'ziphash' },
  bytes: Buffer,
  sums: VersionSums,
): Promise<string | undefined> {
  if (bytes.length === 0) return 'it is empty';
  switch (kind) {
    case 'info':
      return infoProblem(bytes, version, sums);
    case 'mod':
      return modProblem(bytes, sums);
    case 'ziphash': {
      const hash = zipHashIn(bytes);
      if (hash === undefined) return 'it is not an h1: hash';
      return sums.zip === undefined || sums.zip === hash
        ? undefined
        : `it was ${sums.zip}, now it is ${hash}`;
    }
  }
}

function infoProblem(bytes: Buffer, version: string, sums: VersionSums): string | undefined {
  if (sums.info !== undefined && sums.info === infoSum(bytes)) return undefined;
  try {
    if (decodeInfo(bytes).Version !== version) return 'it is about another version';
  } catch (error) {
    return `it ${errorMessage(error)}`;
  }
  return sums.info === undefined ? undefined : 'it is not the one that was stored';
}

async function modProblem(bytes: Buffer, sums: VersionSums): Promise<string | undefined> {
  if (sums.mod !== undefined) {
    const hash = goModHash(bytes);
    return hash === sums.mod ? undefined : `it was ${sums.mod}, now it is ${hash}`;
  }
  try {
    await inSlices(readGoMod(bytes));
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}
