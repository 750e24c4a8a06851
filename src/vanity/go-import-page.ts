/**
 * The page that answers `?go-get=1` (Go Modules Reference, "Finding a repository for a module path").
 *
 *   <meta name="go-import" content="ROOT git URL">            from any Go on
 *   <meta name="go-import" content="ROOT git URL SUBDIR">     from Go 1.25 on; older ones ignore the tag
 *   <meta name="go-import" content="ROOT mod PROXY">          for a repository that only this server can read
 *   <meta name="go-source" content="ROOT HOME DIR FILE">      for documentation sites; `display` in vanity.yaml
 */
import { isIP } from 'node:net';
import type { RepoUrl } from '../module/repo-url.js';
import type { RepoRoot } from './rule.js';
import type { VanityMap } from './vanity-map.js';

/**
 * What the page for `path` (decoded, beginning with `/`) on `host` (as a Host header gives it, port allowed) is about;
 * undefined if there is none. A file without a host answers for any, and the import path begins with the one asked.
 * A bare address instead of a name is our own, or a web server in front that passes on another Host than it was asked for
 * (nginx does by default): the page then names the vanity host, which is what the client asked that server for.
 */
export function lookupPage(map: VanityMap, host: string, path: string): RepoRoot | undefined {
  const asked = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const rest = path.replace(/\/+$/, '');
  const found = map.resolve(`${asked}${rest}`);
  if (found !== undefined || map.hosts.has(asked)) return found;
  const ours = map.resolve(`${map.host}${rest}`);
  if (!map.hostless) return isBareAddress(asked) ? ours : undefined;
  if (ours === undefined) return undefined;
  if (!/^[a-z0-9.-]+$/.test(asked) || !ours.rule.key.startsWith('/')) return undefined;
  return { ...ours, root: `${asked}${ours.root.slice(map.host.length)}` };
}

function isBareAddress(host: string): boolean {
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

/** The page for `root`. `publicUrl` is how clients reach this server as a proxy. */
export function renderGoImportPage(root: RepoRoot, publicUrl: string): string {
  const [repo] = root.repos;
  const { foreign } = root;
  const direct = foreign
    ? { vcs: foreign.vcs, url: foreign.address }
    : repo && !repo.local
      ? { vcs: 'git', url: repo.url }
      : undefined;
  const source = direct && sourceTemplates(root, repo);
  const importTag = direct
    ? [root.root, direct.vcs, direct.url, root.subdir].filter((field) => field !== '').join(' ')
    : `${root.root} mod ${publicUrl}`;
  const place = direct
    ? `Its source is at <code>${escape(direct.url)}</code>${root.subdir === '' ? '' : `, directory <code>${escape(root.subdir)}</code>`}.`
    : `It is served by the module proxy at <code>${escape(publicUrl)}</code>.`;
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta name="go-import" content="${escape(importTag)}">`,
    ...(source === undefined
      ? []
      : [`<meta name="go-source" content="${escape(`${root.root} ${source}`)}">`]),
    `<title>${escape(root.root)}</title>`,
    '</head>',
    '<body>',
    `<p>Go import path <code>${escape(root.root)}</code>. ${place}</p>`,
    `<p><code>go get ${escape(root.root)}</code></p>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Home page, directory and file templates; known for the forges that govanityurls knows. */
function sourceTemplates(root: RepoRoot, repo: RepoUrl | undefined): string | undefined {
  if (root.display !== undefined && root.display.trim() !== '') {
    return root.display.trim().replace(/\s+/g, ' ');
  }
  if (repo?.scheme !== 'https') return undefined;
  const home = repo.url.replace(/\.git$/, '');
  const directory = root.subdir === '' ? '' : `/${root.subdir}`;
  // HEAD is whatever the default branch is called.
  if (repo.host === 'github.com') {
    return `${home} ${home}/tree/HEAD${directory}{/dir} ${home}/blob/HEAD${directory}{/dir}/{file}#L{line}`;
  }
  if (repo.host === 'bitbucket.org') {
    return `${home} ${home}/src/HEAD${directory}{/dir} ${home}/src/HEAD${directory}{/dir}/{file}#{file}-{line}`;
  }
  return undefined;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
