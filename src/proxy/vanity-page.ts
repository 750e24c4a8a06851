/** The pages of the vanity host: `?go-get=1`, and what a browser sees. */
import { ModhavenError } from '../errors.js';
import type { RepoRoots } from '../modfetch/repo-root.js';
import { lookupPage, renderGoImportPage } from '../vanity/go-import-page.js';
import type { RepoRoot } from '../vanity/rule.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import { decodePath } from './request.js';
import { SHORT } from './http/responses.js';
import { CONTENT_TYPES } from '../store/version-store.js';

export interface VanityPageOptions {
  roots: RepoRoots;
  vanity: () => VanityMap;
  /** How clients reach this server, without a trailing slash. */
  publicUrl: () => string;
}

export interface VanityPage {
  text: string;
  type: string;
  cacheControl: string;
}

/** The page at a raw path of `host` (as the Host header has it). Throws MODULE_NOT_FOUND or INVALID_PATH. */
export async function findPage(
  options: VanityPageOptions,
  host: string,
  rawPath: string,
): Promise<VanityPage> {
  const { roots, vanity, publicUrl } = options;
  const map = vanity();
  const path = decodePath(rawPath);
  const root = lookupPage(map, host, path);
  if (root !== undefined) {
    const text = renderGoImportPage(root.rule.takesRest ? await confirmed(root, roots) : root, publicUrl());
    const cacheControl = `public, max-age=${map.cacheMaxAge}`;
    return { text, type: 'text/html; charset=utf-8', cacheControl };
  }
  if (path === '/') return { text: welcome(publicUrl()), type: CONTENT_TYPES.list, cacheControl: SHORT };
  throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${host.replace(/:\d*$/, '')}${path}`, {
    reason: 'this server knows no module at this path of this host',
    remedy: `as a GOPROXY use ${publicUrl()}; pages of a vanity host need its name in the Host header`,
  });
}

/** The root that the git host confirms, under the host name that the page was asked for. */
async function confirmed(root: RepoRoot, roots: RepoRoots): Promise<RepoRoot> {
  const [asked = '', ...elements] = root.root.split('/');
  const [host = ''] = root.rule.elements;
  const found = await roots.find([host, ...elements].join('/'));
  return { ...found, root: asked + found.root.slice(host.length) };
}

function welcome(publicUrl: string): string {
  return `modhaven: a Go module proxy. Use it with GOPROXY=${publicUrl}\n`;
}
