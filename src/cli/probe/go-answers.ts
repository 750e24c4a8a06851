/**
 * What the server would tell `go` about one module, without changing what it tells: its own service answers, from what
 * is stored where it is stored, and else into a store that keeps nothing.
 */
import { isModhavenError } from '../../errors.js';
import type { ModulePath } from '../../module/module-path.js';
import { isCanonicalVersion } from '../../module/version.js';
import { errorText, statusOf } from '../../proxy/http-errors.js';
import { createModuleService } from '../../modfetch/git-source.js';
import type { RepoRoots } from '../../modfetch/repo-root.js';
import { decodeInfo } from '../../module/info.js';
import type { Part, PartKind, VersionStore } from '../../store/version-store.js';
import type { CodeHost } from '../../vcs/types.js';
import { createMemoryStore } from '../../store/memory-store.js';
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
  roots: RepoRoots;
  host: CodeHost;
  store: VersionStore;
  /** Milliseconds; how old refs may be. */
  refreshMs: number;
  watch: Stopwatch;
}

const ASK = { onlyCached: false };
const SILENT = { info: () => undefined };

/** The answers in the order of `go`'s requests; it stops at the first error. */
export async function goAnswers(question: GoQuestion): Promise<GoAnswer[]> {
  const { module, query, roots, host, store, watch } = question;
  const known: [Part, Buffer][] = [];
  const serve = () =>
    createModuleService({
      ...{ roots, host, log: SILENT, refreshMs: () => question.refreshMs },
      store: createMemoryStore({ known, discardsZips: true }),
    });
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
        text: errorText(error).trimEnd(),
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
    const list = await answer('@v/list', () => serve().list(module, ASK));
    if (list === undefined) return answers;
    if (list.value.length > 0) version = question.newest;
  }
  if (version === undefined || !(await isStored(version, 'info'))) {
    const asked = version ?? query ?? 'latest';
    const request = asked === 'latest' ? '@latest' : `@v/${asked}.info`;
    const info = await answer(request, () => serve().info(module, asked, ASK));
    if (info === undefined) return answers;
    version = decodeInfo(info.value).Version;
  } else {
    answers.push({ request: `@v/${version}.info`, status: 200, text: undefined, cached: true });
  }

  const info: Part = { module, version, kind: 'info' };
  const stored = await store.read(info);
  if (stored !== undefined) known.push([info, stored]);
  for (const kind of ['mod', 'zip'] as const) {
    const request = `@v/${version}.${kind}`;
    const wanted = version;
    if (await isStored(wanted, kind)) answers.push({ request, status: 200, text: undefined, cached: true });
    else if ((await answer(request, () => serve().ensure(module, wanted, kind, ASK))) === undefined)
      return answers;
  }
  return answers;
}
