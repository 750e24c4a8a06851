/**
 * Repositories that the path alone names (`cmd/go/internal/vcs/vcs.go`, vcsPaths), as far as they are git over https.
 * Pure.
 *
 *     github.com/OWNER/NAME/...      https://github.com/OWNER/NAME
 *     bitbucket.org/OWNER/NAME/...   https://bitbucket.org/OWNER/NAME
 *     HOST/PATH.git/...              https://HOST/PATH
 */
import { ModhavenError } from '../errors.js';

export interface StaticRoot {
  root: string;
  repo: string;
}

const FORGES = ['github.com', 'bitbucket.org'];
const FORGE_PATH = /^([a-z.]+\/[\w.-]+\/[\w.-]+)(?:\/[\w.-]+)*$/;
const SUFFIX_PATH =
  /^(((?:[a-z0-9.-]+\.)+[a-z0-9.-]+(?:\/~?[\w.-]+)+?)\.(bzr|fossil|git|hg|svn))(?:\/~?[\w.-]+)*$/;
const OTHER_SUFFIX = /\.(?:bzr|fossil|git|hg|svn)$/;

/** Undefined where a page has to be asked. Throws MODULE_NOT_FOUND for a path that is certainly none. */
export function staticRoot(path: string): StaticRoot | undefined {
  const [host = ''] = path.split('/', 1);
  if (FORGES.includes(host)) {
    const root = FORGE_PATH.exec(path)?.[1];
    if (root === undefined) throw notFound(path, `paths there are ${host}/OWNER/NAME`);
    if (OTHER_SUFFIX.test(root)) {
      throw notFound(path, `no version control suffix belongs into a ${host} path`);
    }
    return { root, repo: `https://${root}` };
  }
  const [, root, repo, vcs] = SUFFIX_PATH.exec(path) ?? [];
  if (root === undefined || repo === undefined) return undefined;
  if (vcs !== 'git') throw notFound(path, `this server reads git only, not ${vcs ?? 'that'}`);
  return { root, repo: `https://${repo}` };
}

function notFound(path: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, { reason });
}
