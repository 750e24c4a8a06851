/** What the tabs of a module's page show: README, versions, go.mod, imports. */
import type { VNode } from 'preact';
import type { GoModOutline } from '../../module/go-mod-outline.js';
import type { Use } from '../../catalog/uses.js';
import type { VersionRow } from '../content/module-view.js';
import { moduleHref } from '../content/links.js';
import { Notice, PageLinks, Time, counted, whyMissing, type Missing } from './layout.js';
import { FetchedBy, VersionTags } from './module.js';

export type Readme =
  /** HTML as `renderReadme` makes it. */
  | { kind: 'html'; file: string; html: string }
  | { kind: 'text'; file: string; text: string }
  | { kind: 'none' };

/** `files` is the address of the tab with the files. */
export function ReadmeTab({ readme, files }: { readme: Readme; files: string }): VNode {
  switch (readme.kind) {
    case 'none':
      return (
        <Notice>
          This version has no README. <a href={files}>Look at its files</a>.
        </Notice>
      );
    case 'text':
      return <pre class="plain-text">{readme.text}</pre>;
    case 'html':
      return (
        <section aria-labelledby="readme-file">
          <h2 id="readme-file" class="hidden">
            {readme.file}
          </h2>
          <article class="readme" dangerouslySetInnerHTML={{ __html: readme.html }} />
        </section>
      );
  }
}

export interface VersionsTabProps {
  module: string;
  current: string;
  rows: readonly VersionRow[];
  total: number;
  page: number;
  pages: number;
}

export function VersionsTab({ module, current, rows, total, page, pages }: VersionsTabProps): VNode {
  const pageHref = (to: number) =>
    moduleHref({ module, version: current }, { tab: 'versions', page: String(to) });
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title">{counted(total, 'version')}</h2>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Committed</th>
            <th scope="col">Commit or tag</th>
            <th scope="col">Fetched here</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <VersionLine key={row.version} module={module} current={current} row={row} />
          ))}
        </tbody>
      </table>
      <PageLinks
        label="Pages of versions"
        href={pageHref}
        previous="Newer"
        next="Older"
        page={page}
        pages={pages}
      />
    </section>
  );
}

function VersionLine({ module, current, row }: { module: string; current: string; row: VersionRow }): VNode {
  const { version, commit, tag } = row;
  return (
    <tr>
      <th scope="row">
        <a class="version" href={moduleHref({ module, version })}>
          {version}
        </a>
        <VersionTags row={row} />
        {version !== current && (
          <a
            class="small"
            href={moduleHref({ module, version: current }, { tab: 'diff', from: version })}
            aria-label={`changes between ${version} and ${current}`}
          >
            changes
          </a>
        )}
        {row.retracted !== undefined && row.retracted !== '' && <p class="note">{row.retracted}</p>}
      </th>
      <td data-label="committed">
        <Time time={row.time} />
      </td>
      <td data-label="from">
        {tag !== undefined && <span>{tag} </span>}
        {commit !== undefined && (
          <code class="hash" title={commit}>
            {commit.slice(0, 12)}
          </code>
        )}
        {tag === undefined && commit === undefined && <span class="faint">–</span>}
      </td>
      <td data-label="fetched">
        <Time time={row.storedAt} />
        <FetchedBy row={row} />
      </td>
    </tr>
  );
}

/** `lines` are undefined of a go.mod that is too large to be shown. */
export function ModTab(props: { lines: readonly string[] | undefined; outline: GoModOutline }): VNode {
  const { lines, outline } = props;
  const paths = new Map(
    outline.requires.map(({ path, version }) => [
      `${path} ${version}`,
      moduleHref({ module: path, version }),
    ]),
  );
  return (
    <section aria-labelledby="mod-title">
      <h2 id="mod-title">go.mod</h2>
      {lines === undefined ? (
        <Notice>This file is too large to be shown.</Notice>
      ) : (
        <pre class="source">
          <code>
            {lines.map((line, i) => (
              <ModLine key={i} line={line} paths={paths} />
            ))}
          </code>
        </pre>
      )}
    </section>
  );
}

/** A line whose requirement leads to the page of that version. */
function ModLine({ line, paths }: { line: string; paths: ReadonlyMap<string, string> }): VNode {
  const [, before = '', path = '', space = '', version = '', after = ''] =
    /^(\s*(?:require\s+)?)(\S+)(\s+)(v\S+)(.*)$/s.exec(line) ?? [];
  const href = paths.get(`${path} ${version}`);
  if (href === undefined) return <>{`${line}\n`}</>;
  return (
    <>
      {before}
      <a href={href}>
        {path}
        {space}
        {version}
      </a>
      {`${after}\n`}
    </>
  );
}

export interface ImportsTabProps {
  module: string;
  outline: GoModOutline;
  /** Those of this page. */
  users: readonly Use[];
  /** Of all pages. */
  total: number;
  /** From 1. */
  page: number;
  pages: number;
  /** Address of another page. */
  pageHref: (page: number) => string;
  missing: Missing;
}

export function ImportsTab(props: ImportsTabProps): VNode {
  const { module, outline, users, total, page, pages, pageHref, missing } = props;
  const direct = outline.requires.filter(({ isIndirect }) => !isIndirect);
  const indirect = outline.requires.filter(({ isIndirect }) => isIndirect);
  return (
    <>
      <section aria-labelledby="uses-title">
        <h2 id="uses-title">Requires {counted(direct.length, 'module')}</h2>
        <Requirements list={direct} />
        {indirect.length > 0 && (
          <details>
            <summary>{counted(indirect.length, 'module')} more through them</summary>
            <Requirements list={indirect} />
          </details>
        )}
        {outline.replaces.length > 0 && (
          <Notice>
            Its go.mod replaces {counted(outline.replaces.length, 'module')}; that holds only where it is the
            main module.
          </Notice>
        )}
      </section>
      <section aria-labelledby="users-title">
        <h2 id="users-title">Required by {total === 0 ? 'no other module' : counted(total, 'module')}</h2>
        <p class="faint">
          Of the modules in this store that you may see, by the go.mod of their newest version.
          {missing !== undefined && ` This is so far: ${whyMissing(missing)}.`}
        </p>
        <ul class="plain rows">
          {users.map(({ module: user, version, required }) => (
            <li key={user}>
              <a href={moduleHref({ module: user, version })}>{user}</a>
              <span class="version">{version}</span>
              <span class="faint">
                requires <a href={moduleHref({ module, version: required })}>{required}</a>
              </span>
            </li>
          ))}
        </ul>
        <PageLinks label="Pages of modules that require it" href={pageHref} page={page} pages={pages} />
      </section>
    </>
  );
}

function Requirements({ list }: { list: readonly { path: string; version: string }[] }): VNode | null {
  if (list.length === 0) return null;
  return (
    <ul class="plain rows">
      {list.map(({ path, version }) => (
        <li key={path}>
          <a href={moduleHref({ module: path, version })}>{path}</a>
          <span class="version">{version}</span>
        </li>
      ))}
    </ul>
  );
}
