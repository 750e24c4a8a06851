/** All modules, and those that a search found. */
import type { VNode } from 'preact';
import { moduleHref, searchHref } from '../content/links.js';
import {
  Layout,
  Notice,
  PageLinks,
  Time,
  counted,
  whyMissing,
  type Missing,
  type PageContext,
} from './layout.js';

export interface ModuleRow {
  path: string;
  newest: string;
  /** When the newest version was stored here first, RFC 3339. */
  storedAt: string | undefined;
  versions: number;
  isPrivate: boolean;
}

export interface ModulesProps {
  context: PageContext;
  query: string;
  rows: readonly ModuleRow[];
  /** Of all that match. */
  total: number;
  /** From 1. */
  page: number;
  pages: number;
  missing: Missing;
  /** The page of a module that is not known here, if the search words are a module path. */
  elsewhere: string | undefined;
}

export function ModulesPage(props: ModulesProps): VNode {
  const { context, query, rows, total, page, pages, missing, elsewhere } = props;
  const title = query === '' ? 'Modules' : `Modules with ${query}`;
  return (
    <Layout context={context} title={`${title} · modhaven`} search={query}>
      <div class="wrap">
        <h1>{query === '' ? 'Modules' : <>Modules with “{query}”</>}</h1>
        <p class="faint" role="status">
          {counted(total, 'module')}
          {missing !== undefined && ` so far: ${whyMissing(missing)}`}
        </p>
        {rows.length === 0 ? (
          <Notice>
            {query === '' ? (
              <p>
                No module was fetched yet that you may see. <a href="/#setup">Set up your machine</a> and run{' '}
                <code>go get</code>.
              </p>
            ) : (
              <p>No module that you may see has these words in its path.</p>
            )}
          </Notice>
        ) : (
          <ModuleTable rows={rows} />
        )}
        {elsewhere !== undefined && (
          <p>
            Not here yet? <a href={elsewhere}>Open the page of {query}</a>; it is fetched if its repository
            has it.
          </p>
        )}
        <PageLinks label="Pages" href={(number) => searchHref(query, number)} page={page} pages={pages} />
      </div>
    </Layout>
  );
}

function ModuleTable({ rows }: { rows: readonly ModuleRow[] }): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Module</th>
          <th scope="col">Newest</th>
          <th scope="col" class="number">
            Versions
          </th>
          <th scope="col">Fetched</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ path, newest, storedAt, versions, isPrivate }) => (
          <tr key={path}>
            <th scope="row">
              <a href={moduleHref({ module: path })}>{path}</a>
              {isPrivate && <span class="tag">private</span>}
            </th>
            <td>
              <a class="version" href={moduleHref({ module: path, version: newest })}>
                {newest}
              </a>
            </td>
            <td class="number" data-label="versions">
              {versions.toLocaleString('en')}
            </td>
            <td data-label="fetched">
              <Time time={storedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
