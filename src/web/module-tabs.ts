/** What each tab of a module's page shows, out of the files of the version and the catalog. */
import type { VNode } from 'preact';
import { isModhavenError } from '../errors.js';
import { outlineGoMod } from '../module/go-mod-outline.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { developerText } from '../proxy/http/http-errors.js';
import type { ListedFile } from '../zip/browse.js';
import { docsHref, moduleHref } from './content/links.js';
import { fileChanges, requirementChanges } from './content/difference.js';
import { versionRows, type Fetches, type ModuleView } from './content/module-view.js';
import { PICTURES, endingOf, findReadme, isMarkdown } from './content/readme.js';
import { renderReadme } from './content/render-readme.js';
import { missingOf } from './pages/layout.js';
import { DiffTab, FileTab, FolderTab, type DiffProps, type FileContent } from './pages/file-tabs.js';
import { ImportsTab, ModTab, ReadmeTab, VersionsTab, type Readme } from './pages/module-tabs.js';
import type { Tab } from './pages/module.js';
import { pageOf, type PageRequest } from './web.js';

const VERSIONS_SHOWN = 100;
const USERS_SHOWN = 100;
const CHOICES_SHOWN = 500;
/** Largest file that is shown as text, in bytes. */
const MAX_TEXT = 512 * 1024;
/** Most lines of one. */
const MAX_LINES = 20_000;

export async function tabContent(
  page: PageRequest,
  view: ModuleView,
  tab: Tab,
  fetches: Fetches,
): Promise<VNode> {
  switch (tab) {
    case 'readme':
      return ReadmeTab({ readme: await readmeOf(page, view), files: moduleHref(view, { tab: 'files' }) });
    case 'versions':
      return versionsTab(page, view, fetches);
    case 'files':
      return filesTab(page, view);
    case 'mod':
      return ModTab({ lines: linesOf(view.modText), outline: view.mod });
    case 'imports':
      return importsTab(page, view);
    case 'diff':
      return diffTab(page, view);
  }
}

async function filesOf({ web }: PageRequest, view: ModuleView): Promise<ListedFile[]> {
  return (await web.zips.list(view))?.files ?? [];
}

async function readmeOf(page: PageRequest, view: ModuleView): Promise<Readme> {
  const files = (await filesOf(page, view)).map(({ name }) => name);
  const file = findReadme(files);
  if (file === undefined) return { kind: 'none' };
  const bytes = await page.web.zips.read(view, file, MAX_TEXT);
  if (!Buffer.isBuffer(bytes)) return { kind: 'none' };
  const text = bytes.toString();
  const { module, version } = view;
  const html = isMarkdown(file)
    ? await renderReadme(text, { ref: { module, version }, file, files })
    : undefined;
  return html === undefined ? { kind: 'text', file, text } : { kind: 'html', file, html };
}

async function versionsTab({ web, query }: PageRequest, view: ModuleView, fetches: Fetches): Promise<VNode> {
  const { module, version, versions } = view;
  const { items, ...counts } = pageOf(versions, VERSIONS_SHOWN, query.get('page'));
  return VersionsTab({
    module,
    current: version,
    rows: await versionRows(web, view, items, fetches),
    ...counts,
  });
}

async function filesTab(page: PageRequest, view: ModuleView): Promise<VNode> {
  const { module, version } = view;
  const listing = await page.web.zips.list(view);
  const files = listing?.files ?? [];
  const wanted = (page.query.get('file') ?? '').replace(/^\/+|\/+$/g, '');
  const file = files.find(({ name }) => name === wanted);
  if (file !== undefined) {
    const content = await contentOf(page, view, file);
    return FileTab({ module, version, file: file.name, size: file.size, content });
  }
  const prefix = wanted === '' ? '' : `${wanted}/`;
  const inside = files.filter(({ name }) => name.startsWith(prefix));
  const folders = new Map<string, number>();
  for (const { name } of inside) {
    const [first = '', ...more] = name.slice(prefix.length).split('/');
    if (more.length > 0) folders.set(first, (folders.get(first) ?? 0) + 1);
  }
  const here = inside.filter(({ name }) => !name.slice(prefix.length).includes('/'));
  return FolderTab({
    module,
    version,
    total: files.length,
    isCut: listing?.isCut ?? false,
    folder: inside.length === 0 ? '' : wanted,
    folders: [...folders].map(([name, count]) => ({ name, files: count })),
    files: here.map(({ name, size }) => ({ name: name.slice(prefix.length), size })),
  });
}

async function contentOf(page: PageRequest, view: ModuleView, { name }: ListedFile): Promise<FileContent> {
  const isSvg = endingOf(name) === 'svg';
  if (PICTURES.has(endingOf(name)) && !isSvg) return { kind: 'picture' };
  const bytes = await page.web.zips.read(view, name, MAX_TEXT);
  if (!Buffer.isBuffer(bytes)) return { kind: 'too large' };
  const text = bytes.toString();
  if (bytes.includes(0) || text.includes('\ufffd')) return { kind: 'binary' };
  const lines = linesOf(text);
  return lines === undefined ? { kind: 'too large' } : { kind: 'text', lines };
}

/** Undefined of a text that is too large to be shown. */
function linesOf(text: string): string[] | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const lines = text.replace(/\n$/, '').split(/\r?\n/, MAX_LINES + 1);
  return lines.length > MAX_LINES ? undefined : lines;
}

async function importsTab({ web, visitor, query }: PageRequest, view: ModuleView): Promise<VNode> {
  const { module, mod } = view;
  const { catalog, uses } = web;
  await uses.update();
  const all = catalog.all().map(({ path }) => path);
  const { paths, isComplete } = await visitor.readable(all, { first: uses.usersOf(module) });
  const users = uses.of(module, (path) => paths.has(path));
  const { items, ...counts } = pageOf(users, USERS_SHOWN, query.get('page'));
  return ImportsTab({
    module,
    outline: mod,
    users: items,
    ...counts,
    pageHref: (number) => moduleHref(view, { tab: 'imports', page: String(number) }),
    missing: missingOf(catalog.isComplete, isComplete),
  });
}

async function diffTab(page: PageRequest, view: ModuleView): Promise<VNode> {
  const { module, version, versions } = view;
  const older = versions[versions.indexOf(version) + 1];
  const asked = page.query.get('from') ?? older;
  const from = asked !== undefined && isCanonicalVersion(asked) ? asked : undefined;
  const choices = versions.filter((choice) => choice !== version).slice(0, CHOICES_SHOWN);
  const empty: DiffProps = {
    module,
    version,
    from,
    choices,
    files: [],
    requires: [],
    problem: undefined,
    docs: from === undefined ? undefined : docsOfBoth(page, module, from, version),
    go: { before: undefined, after: undefined },
  };
  if (from === undefined) return DiffTab(empty);
  try {
    return DiffTab({ ...empty, ...(await differences(page, view, from)) });
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    const problem = developerText(error, new URL(page.web.publicUrl()).hostname).trimEnd();
    return DiffTab({ ...empty, problem });
  }
}

/** The exported API is for the documentation site to show: it parses Go. */
function docsOfBoth({ web }: PageRequest, module: string, from: string, to: string): DiffProps['docs'] {
  const template = web.docsUrl();
  if (template === undefined) return undefined;
  return {
    from: docsHref(template, { module, version: from }),
    to: docsHref(template, { module, version: to }),
  };
}

async function differences(
  { web }: PageRequest,
  view: ModuleView,
  from: CanonicalVersion,
): Promise<Pick<DiffProps, 'files' | 'requires' | 'go'>> {
  const { module, mod } = view;
  const { modules, zips } = web;
  const [before] = await Promise.all([
    modules.mod(module, from),
    modules.zip(module, from).then((zip) => zip.stored()),
  ]);
  const old = outlineGoMod(before.value.toString());
  const [oldFiles, newFiles] = await Promise.all([zips.list({ module, version: from }), zips.list(view)]);
  return {
    files: fileChanges(oldFiles?.files ?? [], newFiles?.files ?? []),
    requires: requirementChanges(old, mod),
    go: { before: old.go, after: mod.go },
  };
}
