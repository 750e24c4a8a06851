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
const HOST = /^[a-z0-9.-]+$/;
const ELEMENT = /^~?[\w.-]+$/;
const WITH_SUFFIX = /^~?[\w.-]+\.(bzr|fossil|git|hg|svn)$/;
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
  const found = suffixRoot(path);
  if (found === undefined) return undefined;
  const { root, vcs } = found;
  if (vcs !== 'git') throw notFound(path, `this server reads git only, not ${vcs}`);
  return { root, repo: `https://${root.slice(0, -'.git'.length)}` };
}

/**
 * The part of `HOST/PATH.git/...` up to the last suffix. Looked at element by element: the pattern of go, which runs in
 * time in proportion to the path there, takes exponential time here for a host with many dots.
 */
function suffixRoot(path: string): { root: string; vcs: string } | undefined {
  const [host = '', ...elements] = path.split('/');
  const hasDot = host.slice(1, -1).includes('.');
  if (!hasDot || !HOST.test(host) || !elements.every((element) => ELEMENT.test(element))) return undefined;
  const last = elements.findLastIndex((element) => WITH_SUFFIX.test(element));
  const vcs = WITH_SUFFIX.exec(elements[last] ?? '')?.[1];
  return vcs === undefined ? undefined : { root: [host, ...elements.slice(0, last + 1)].join('/'), vcs };
}

function notFound(path: string, reason: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, { reason });
}
