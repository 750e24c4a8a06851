/** Compares many versions with a new home: in parallel, reporting each as it is known, going on where a run was stopped. */
import pLimit from 'p-limit';
import { isNotExist } from '../errors.js';
import type { VersionStore } from '../store/version-store.js';
import {
  compareHome,
  explainFailure,
  knownOf,
  readStored,
  type Comparison,
  type OldVersion,
} from './compare-home.js';
import type { Fingerprint, Target } from './target.js';
import type { Journal } from './journal.js';
import type { Task } from './plan.js';

export interface CompareAllOptions {
  store: VersionStore;
  newHome: Target;
  /** Needed for versions that are not stored. */
  oldHome?: Target | undefined;
  concurrency: number;
  journal?: Journal | undefined;
  /** Called after each version. */
  onDone?: () => void;
}

export interface CompareAllResult {
  comparisons: Comparison[];
  /** How many of them are from the journal. */
  resumed: number;
}

/** The comparisons of `tasks`, in their order, without versions that neither side has. */
export async function compareAll(tasks: Task[], options: CompareAllOptions): Promise<CompareAllResult> {
  const { journal, concurrency, onDone } = options;
  const limit = pLimit(concurrency);
  let resumed = 0;
  const comparisons = await Promise.all(
    tasks.map((task) =>
      limit(async () => {
        const question = await ask(task, options);
        const earlier = journal?.find(question);
        if (earlier !== undefined) resumed += 1;
        const comparison = earlier ?? (await question.answer());
        if (earlier === undefined && comparison !== undefined) await journal?.add(comparison);
        onDone?.();
        return comparison;
      }),
    ),
  );
  return { comparisons: comparisons.filter((comparison) => comparison !== undefined), resumed };
}

interface Question extends Pick<Comparison, 'module' | 'version' | 'home' | 'stored'> {
  answer: () => Promise<Comparison | undefined>;
}

async function ask(task: Task, { store, newHome, oldHome }: CompareAllOptions): Promise<Question> {
  const { module, version, extra } = task;
  const home = newHome.addresses(module);
  if (task.stored || oldHome === undefined) {
    const old = await readStored(store, module, version);
    const facts = { module, version, home, stored: knownOf(old) };
    return {
      ...facts,
      answer: async () => ({ ...facts, ...(await compareHome(newHome, module, version, old)) }),
    };
  }
  const facts = { module, version, home, stored: {} };
  return { ...facts, answer: () => compareListed(facts, { newHome, oldHome }, task, extra) };
}

/** A version that is not stored, by what both homes have of it; undefined if neither has it. */
async function compareListed(
  facts: Pick<Comparison, 'module' | 'home' | 'stored'> & { version: string },
  { newHome, oldHome }: { newHome: Target; oldHome: Target },
  { module, version }: Task,
  extra: boolean,
): Promise<Comparison | undefined> {
  let old: Fingerprint | undefined;
  try {
    if (!extra) old = await oldHome.fingerprint(module, version);
  } catch (error) {
    if (!isNotExist(error)) {
      const { cause, remedy } = explainFailure(error, `${module}@${version}`);
      const text = { cause: `the present home: ${cause ?? ''}`, ...(remedy === undefined ? {} : { remedy }) };
      return { ...facts, verdict: 'unreachable', ...text };
    }
  }
  const content: OldVersion = {
    ...knownOf(old ?? { commit: undefined, zip: undefined, mod: undefined }),
    info: undefined,
    files: () => oldHome.files(module, version),
  };
  const compared = await compareHome(newHome, module, version, content);
  if (old === undefined) {
    if (compared.verdict === 'missing') return undefined;
    // Nothing to compare with: whatever it is, only the new home has it.
    return { ...facts, ...compared, verdict: compared.verdict === 'unreachable' ? 'unreachable' : 'extra' };
  }
  return { ...facts, old: knownOf(old), ...compared };
}
