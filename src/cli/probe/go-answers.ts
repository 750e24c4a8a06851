/**
 * What the server would tell `go` about one module, without changing what it tells: what is stored counts where it is
 * stored; else the source of the server itself answers, and nothing is kept.
 */
import { isModhavenError } from '../../errors.js';
import type { ModulePath } from '../../module/module-path.js';
import { isCanonicalVersion } from '../../module/version.js';
import { developerText, statusOf } from '../../proxy/http/http-errors.js';
import { hashZip } from '../../modfetch/hash-zip.js';
import type { ModuleSource } from '../../modfetch/repo.js';
import { decodeInfo } from '../../module/info.js';
import type { PartKind, VersionStore } from '../../store/version-store.js';
import type { Stopwatch } from '../terminal/stopwatch.js';

/** The answer to one request. */
export interface GoAnswer {
  /** As it ends the URL: `@v/v1.2.3.zip`. */
  request: string;
  status: number;
  /** The text of an error, which `go` prints. */
  text: string | undefined;
  /** Whether it comes from what is stored. */
  cached: boolean;
}

export interface GoQuestion {
  module: ModulePath;
  /** Version, tag, branch, hash; undefined if none was given: `go` then asks for the list first. */
  query: string | undefined;
  /** The newest version, as far as it is known: what `go` chooses from a list. */
  newest: string | undefined;
  /** What answers where nothing is stored. */
  source: ModuleSource;
  /** Whether zips are asked for, too; default: yes. */
  zips?: boolean;
  store: VersionStore;
  watch: Stopwatch;
  /** The address whose admin a developer is sent to. */
  admin: string;
}

/** The answers in the order of `go`'s requests; it stops at the first error. */
export async function goAnswers(question: GoQuestion): Promise<GoAnswer[]> {
  const { module, query, source, zips = true, store, watch, admin } = question;
  const answers: GoAnswer[] = [];

  /** Runs `work` as the answer to `request`; undefined if it is an error. */
  async function answer<T>(request: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await watch.time(request, work);
      answers.push({ request, status: 200, text: undefined, cached: false });
      return result;
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      answers.push({
        request,
        status: statusOf(error.code),
        text: developerText(error, admin).trimEnd(),
        cached: false,
      });
      return undefined;
    }
  }

  async function isStored(version: string, kind: PartKind): Promise<boolean> {
    return (await store.size({ module, version, kind })) !== undefined;
  }

  let version = query !== undefined && isCanonicalVersion(query) ? query : undefined;
  if (query === undefined) {
    const list = await answer('@v/list', () => source.list(module));
    if (list === undefined) return answers;
    if (list.versions.length > 0) version = question.newest;
  }
  if (version === undefined || !(await isStored(version, 'info'))) {
    const asked = version ?? query ?? 'latest';
    const request = asked === 'latest' ? '@latest' : `@v/${asked}.info`;
    const info = await answer(request, () => source.info(module, asked));
    if (info === undefined) return answers;
    version = info.version;
  } else {
    answers.push({ request: `@v/${version}.info`, status: 200, text: undefined, cached: true });
  }

  const stored = await store.read({ module, version, kind: 'info' });
  const pinned = stored === undefined ? undefined : decodeInfo(stored);
  const wanted = version;
  const makers = {
    mod: async () => (await source.mod(module, wanted, pinned)).mod,
    zip: async () => hashZip(await source.zip(module, wanted, pinned)),
  };
  for (const kind of ['mod', 'zip'] as const) {
    const request = `@v/${wanted}.${kind}`;
    if (await isStored(wanted, kind)) answers.push({ request, status: 200, text: undefined, cached: true });
    else if (kind === 'zip' && !zips) continue;
    else if ((await answer<unknown>(request, makers[kind])) === undefined) return answers;
  }
  return answers;
}
