/** Compares many versions with a target in parallel; a run that was stopped is resumed from its journal. */
import { mapEach } from '../concurrency/for-each.js';
import type { CanonicalVersion } from '../module/version.js';
import { isNotExist } from '../errors.js';
import type { VersionStore } from '../store/version-store.js';
import {
  compareVersion,
  explainFailure,
  knownOf,
  readStored,
  type Comparison,
  type OldVersion,
} from './compare-version.js';
import type { Fingerprint, Target } from './target.js';
import type { Journal } from './journal.js';
import type { Task } from './plan.js';

export interface CompareAllOptions {
  store: VersionStore;
  newTarget: Target;
  /** Needed for versions that are not stored. */
  oldTarget?: Target | undefined;
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

/**
 * The comparisons of `tasks`, in their order, without versions that neither repository has. Throws STORAGE, and begins no other,
 * where the store cannot be read.
 */
export async function compareAll(tasks: Task[], options: CompareAllOptions): Promise<CompareAllResult> {
  const { journal, concurrency, onDone } = options;
  let resumed = 0;
  const comparisons = await mapEach(tasks, concurrency, async (task) => {
    const pending = await prepare(task, options);
    const earlier = journal?.find(pending);
    if (earlier !== undefined) resumed += 1;
    const comparison = earlier ?? (await pending.compare());
    if (earlier === undefined && comparison !== undefined) await journal?.add(comparison);
    onDone?.();
    return comparison;
  });
  return { comparisons: comparisons.filter((comparison) => comparison !== undefined), resumed };
}

/** What is compared; `compare` does the work, which an earlier run may have done. */
interface PendingComparison extends Pick<Comparison, 'module' | 'version' | 'home' | 'stored'> {
  compare: () => Promise<Comparison | undefined>;
}

async function prepare(
  task: Task,
  { store, newTarget, oldTarget }: CompareAllOptions,
): Promise<PendingComparison> {
  const { module, version, extra } = task;
  const home = newTarget.addresses(module);
  if (task.stored || oldTarget === undefined) {
    const old = await readStored(store, module, version);
    const facts = { module, version, home, stored: knownOf(old) };
    return {
      ...facts,
      compare: async () => ({ ...facts, ...(await compareVersion(newTarget, module, version, old)) }),
    };
  }
  const facts = { module, version, home, stored: {} };
  return { ...facts, compare: () => compareListed(facts, { newTarget, oldTarget }, task, extra) };
}

/** A version that is not stored, by what the present repository and the target have; undefined if neither has it. */
async function compareListed(
  facts: Pick<Comparison, 'module' | 'home' | 'stored'> & { version: CanonicalVersion },
  { newTarget, oldTarget }: { newTarget: Target; oldTarget: Target },
  { module, version }: Task,
  extra: boolean,
): Promise<Comparison | undefined> {
  let old: Fingerprint | undefined;
  try {
    if (!extra) old = await oldTarget.fingerprint(module, version);
  } catch (error) {
    if (!isNotExist(error)) {
      const { cause, remedy } = explainFailure(error, `${module}@${version}`);
      const text = {
        cause: `the present repository: ${cause ?? ''}`,
        ...(remedy === undefined ? {} : { remedy }),
      };
      return { ...facts, verdict: 'unreachable', ...text };
    }
  }
  const content: OldVersion = {
    ...knownOf(old ?? { commit: undefined, zip: undefined, mod: undefined }),
    info: undefined,
    files: () => oldTarget.files(module, version),
  };
  const compared = await compareVersion(newTarget, module, version, content);
  if (old === undefined) {
    if (compared.verdict === 'missing') return undefined;
    // Nothing to compare with: only the target has it.
    return { ...facts, ...compared, verdict: compared.verdict === 'unreachable' ? 'unreachable' : 'extra' };
  }
  return { ...facts, old: knownOf(old), ...compared };
}
