/**
 * Cases made of a table: every row is a repository with one version, and what is asked is what that version holds.
 *
 * A row `crlf` of a case `eol` is the module `example.com/eol/crlf`, tagged v1.0.0.
 */
import type { GitRepo, RepoOptions } from '../support/git/git-repo.js';
import { goMod } from './go-mod-text.js';
import type { ConformanceCase, KnownDifference } from './types.js';

/**
 * Stages the files of the version. What it answers, if anything, is the hash of a tree that is the version instead.
 * `path` is the module's.
 */
export type Fill = (r: GitRepo, path: string) => unknown;

export interface Row {
  fill: Fill;
  options?: RepoOptions;
  /** Directories of further modules, `sub` or `sub/v2`, tagged as such. Default: none. */
  modules?: readonly string[];
  /** `false`: the root is not a module that is asked for. */
  root?: boolean;
}

export interface TableCase {
  name: string;
  facts?: readonly number[];
  rows: Readonly<Record<string, Row | Fill>>;
  /** By row, or `ROW/sub` for a further module: what modhaven rightly does otherwise. */
  different?: Readonly<
    Record<string, Omit<KnownDifference, 'subject'> | readonly Omit<KnownDifference, 'subject'>[]>
  >;
}

export function tableCase({ name, facts = [], rows, different = {} }: TableCase): ConformanceCase {
  const table = Object.entries(rows).map(
    ([key, row]) => [key, typeof row === 'function' ? { fill: row } : row] as const,
  );
  const query = (module: string): string =>
    `example.com/${name}/${module}@${module.endsWith('/v2') ? 'v2.0.0' : 'v1.0.0'}`;
  return {
    name,
    facts,
    build: async (make) => {
      for (const [key, { fill, options, modules = [], root = true }] of table) {
        const r = await make(key, options);
        const tree = await fill(r, `example.com/${name}/${key}`);
        await r.commit('first', typeof tree === 'string' ? { tree } : {});
        if (root) await r.tag('v1.0.0');
        for (const module of modules) {
          const isV2 = module.endsWith('/v2');
          await r.tag(isV2 ? `${module.slice(0, -'/v2'.length)}/v2.0.0` : `${module}/v1.0.0`);
        }
      }
      return undefined;
    },
    rules: Object.fromEntries(table.map(([key]) => [`example.com/${name}/${key}`, { repo: key }])),
    queries: table.flatMap(([key, { modules = [], root = true }]) => [
      ...(root ? [query(key)] : []),
      ...modules.map((module) => query(`${key}/${module}`)),
    ]),
    lists: [],
    knownDifferences: Object.entries(different).flatMap(([module, known]) =>
      [known].flat().map((one) => ({ subject: query(module), ...one })),
    ),
  };
}

/** Files beside an ordinary go.mod. */
export function files(content: Record<string, string | Uint8Array>): Fill {
  return (r, path) => void r.write({ 'go.mod': goMod(path), ...content });
}
