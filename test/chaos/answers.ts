/** What a server answers for a version, compared with what is right. */
import { zipHash } from '../conformance/module-hash.js';
import { ask } from '../support/ask.js';
import type { Truth } from './world.js';

export const PARTS = ['info', 'mod', 'zip'] as const;
export type Part = (typeof PARTS)[number];

/** What is wrong with the bytes of a part; undefined if nothing is. */
export async function problemOf(truth: Truth, part: Part, bytes: Buffer): Promise<string | undefined> {
  if (part === 'mod') return bytes.toString() === truth.mod ? undefined : `it says ${bytes.toString()}`;
  if (part === 'info') return infoProblem(truth, bytes.toString());
  const hash = await zipHash(bytes).catch((error: unknown) => String(error));
  return hash === truth.hash ? undefined : `its hash is ${hash}, not ${truth.hash}`;
}

function infoProblem({ version }: Truth, text: string): string | undefined {
  try {
    const { Version, Time } = JSON.parse(text) as { Version?: unknown; Time?: unknown };
    const isRight = Version === version && !Number.isNaN(Date.parse(String(Time)));
    return isRight ? undefined : `it says ${text}`;
  } catch (error) {
    return `${String(error)}: ${text}`;
  }
}

/** A whole answer, and what is wrong with it; or why there was none. */
export type Outcome = { status: number; problem?: string | undefined } | { lost: string };

/** Asks for a part. */
export async function askFor(url: string, truth: Truth, part: Part): Promise<Outcome> {
  const answer = await ask(url, pathOf(truth, part)).catch((error: unknown) => ({ lost: String(error) }));
  if ('lost' in answer) return answer;
  if (answer.status !== 200) return { status: answer.status, problem: answer.text };
  return { status: 200, problem: await problemOf(truth, part, answer.bytes) };
}

export function pathOf({ module, version }: Truth, part: Part): string {
  return `/${module}/@v/${version}.${part}`;
}
