/**
 * The truth about a case: what the go command itself does with `GOPROXY=direct`.
 *
 * Every question gets a module cache of its own, because what go says about one query can depend on what an earlier
 * one left there. The same functions ask a go behind modhaven, so that both answers are made in the same way.
 */
import { readFile } from 'node:fs/promises';
import { goClient, type Download, type GoClient, type ListedModule } from '../support/go.js';
import { mustRun, type Env } from '../support/run.js';
import { goModHash } from './module-hash.js';
import type { CaseTruth, ListTruth, QueryTruth } from './types.js';

/** Variables of a go command: GOPROXY, and what the way there needs. */
export type GoEnv = Env & { GOPROXY: string };

/** Runs at most a few jobs at a time, as p-limit does. */
export type Limit = <T>(job: () => Promise<T>) => Promise<T>;

/**
 * The environment of the oracle; `proxyEnv` leads to the hosts of the case. Its git reads the repositories below `url` in
 * the folder `root`, where they lie: upload-pack says the same there as over HTTP, for a third of the processes.
 */
export function directEnv(proxyEnv: Env, { url, root }: { url: string; root: string }): GoEnv {
  return {
    GOPROXY: 'direct',
    GOINSECURE: '*',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: `url.file://${root}/.insteadOf`,
    GIT_CONFIG_VALUE_0: `${url}/`,
    GIT_CONFIG_KEY_1: 'maintenance.auto',
    GIT_CONFIG_VALUE_1: 'false',
    ...proxyEnv,
  };
}

/** Asks go everything about a case. */
export async function takeTruth(
  { queries, lists }: { queries: readonly string[]; lists: readonly string[] },
  env: GoEnv,
  limit: Limit,
): Promise<Pick<CaseTruth, 'queries' | 'lists'>> {
  const ask = async <T>(subjects: readonly string[], how: (subject: string, env: GoEnv) => Promise<T>) =>
    Object.fromEntries(
      await Promise.all(
        subjects.map(async (subject) => [subject, await limit(async () => how(subject, env))] as const),
      ),
    );
  const [byQuery, byList] = await Promise.all([ask(queries, askQuery), ask(lists, askList)]);
  return { queries: byQuery, lists: byList };
}

/** The versions of the two programs that the truth depends on. */
export async function toolVersions(): Promise<{ go: string; git: string }> {
  const go = await mustRun('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local', GOENV: 'off' } });
  const git = await mustRun('git', ['version']);
  return { go: go.trim(), git: git.trim().replace(/^git version /, '') };
}

async function askQuery(query: string, env: GoEnv): Promise<QueryTruth> {
  await using go = await goClient(env);
  const download = await failing(async () => go.downloadJson(query));
  if ('thrown' in download) return { Error: cleaned(download.thrown, go) };
  const { Version, Info, GoMod, Sum, GoModSum, Origin, Error } = download;
  // In a failed answer, go repeats the query as Version; only with an Info file is it one.
  if (Version === undefined || Info === undefined) return { Error: cleaned(Error ?? 'no version', go) };
  const { Time } = JSON.parse(await readFile(Info, 'utf8')) as { Time?: string };
  if (GoMod !== undefined && goModHash(await readFile(GoMod)) !== GoModSum) {
    throw new TypeError(`module-hash.ts and go disagree about the go.mod of ${query}`);
  }
  return defined({
    Version,
    Time,
    Origin,
    Sum,
    GoModSum,
    Error: Error === undefined ? undefined : cleaned(Error, go),
  });
}

async function askList(module: string, env: GoEnv): Promise<ListTruth> {
  await using go = await goClient(env);
  // With -e, versions come although a go.mod with retractions cannot be read.
  const ask = async (...flags: string[]) =>
    failing(async (): Promise<ListedModule> => {
      const [listed] = await go.listJson('-e', '-versions', ...flags, module);
      if (listed === undefined) throw new Error('go list printed nothing');
      return listed;
    });
  const all = await ask('-retracted');
  const usual = await ask();
  if ('thrown' in all) return { Error: cleaned(all.thrown, go) };
  if ('thrown' in usual) return { Error: cleaned(usual.thrown, go) };
  const error = (all.Error ?? usual.Error)?.Err;
  if (error !== undefined && all.Versions === undefined) return { Error: cleaned(error, go) };
  return defined({
    Versions: all.Versions ?? [],
    Unretracted: usual.Versions ?? [],
    Error: error === undefined ? undefined : cleaned(error, go),
  });
}

async function failing<T extends Download | ListedModule>(
  work: () => Promise<T>,
): Promise<T | { thrown: string }> {
  try {
    return await work();
  } catch (error) {
    return { thrown: error instanceof Error ? error.message : String(error) };
  }
}

/** An error's words without what differs from run to run. */
function cleaned(error: string, go: GoClient): string {
  return error.replaceAll(go.modCache, '$GOMODCACHE').trim().slice(0, 500);
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
