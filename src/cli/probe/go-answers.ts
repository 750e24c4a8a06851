/**
 * What the server would tell `go` about one module, without changing what it tells: what is stored counts where it is
 * stored; else the source of the server itself answers, and nothing is kept.
 */
import { isModhavenError } from '../../errors.js';
import type { ModulePath } from '../../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../../module/version.js';
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
  newest: CanonicalVersion | undefined;
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
  const { module, source, zips = true, store } = question;
  const requests = new Requests(question);
  const version = await askForVersion(question, requests);
  if (version === undefined) return requests.answers;
  const stored = await store.read({ module, version, kind: 'info' });
  const pinned = stored === undefined ? undefined : decodeInfo(stored);
  const makers = {
    mod: async () => (await source.mod(module, version, pinned)).mod,
    zip: async () => hashZip(await source.zip(module, version, pinned)),
  };
  for (const kind of ['mod', 'zip'] as const) {
    const request = `@v/${version}.${kind}`;
    if (await requests.isStored(version, kind)) requests.stored(request);
    else if (kind === 'zip' && !zips) continue;
    else if ((await requests.run<unknown>(request, makers[kind])) === undefined) break;
  }
  return requests.answers;
}

/** The version that the query means; undefined if a request for it failed. */
async function askForVersion(
  question: GoQuestion,
  requests: Requests,
): Promise<CanonicalVersion | undefined> {
  const { module, query, source, newest } = question;
  let version = query !== undefined && isCanonicalVersion(query) ? query : undefined;
  if (query === undefined) {
    const list = await requests.run('@v/list', () => source.list(module));
    if (list === undefined) return undefined;
    if (list.versions.length > 0) version = newest;
  }
  if (version !== undefined && (await requests.isStored(version, 'info'))) {
    requests.stored(`@v/${version}.info`);
    return version;
  }
  const asked = version ?? query ?? 'latest';
  const request = asked === 'latest' ? '@latest' : `@v/${asked}.info`;
  return (await requests.run(request, () => source.info(module, asked)))?.version;
}

/** The requests so far. */
class Requests {
  readonly answers: GoAnswer[] = [];
  private readonly question: GoQuestion;

  constructor(question: GoQuestion) {
    this.question = question;
  }

  async isStored(version: CanonicalVersion, kind: PartKind): Promise<boolean> {
    const { store, module } = this.question;
    return (await store.size({ module, version, kind })) !== undefined;
  }

  /** A request that is answered from the store. */
  stored(request: string): void {
    this.answers.push({ request, status: 200, text: undefined, cached: true });
  }

  /** Runs `work` as the answer to `request`; undefined if it is an error. */
  async run<T>(request: string, work: () => Promise<T>): Promise<T | undefined> {
    const { watch, admin } = this.question;
    try {
      const result = await watch.time(request, work);
      this.answers.push({ request, status: 200, text: undefined, cached: false });
      return result;
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      const text = developerText(error, admin).trimEnd();
      this.answers.push({ request, status: statusOf(error.code), text, cached: false });
      return undefined;
    }
  }
}
