/** Tabs about the files of a version: which there are, one of them, and what changed between two versions. */
import type { VNode } from 'preact';
import type { FileChange, RequirementChange } from '../content/difference.js';
import { fileHref, moduleHref, rawHref } from '../content/links.js';
import { Notice, counted } from './layout.js';
import { sizeText } from '../../size-text.js';

/** A version whose files are shown. */
interface ShownVersion {
  module: string;
  version: string;
}

export interface FolderProps extends ShownVersion {
  /** '' for the root. */
  folder: string;
  folders: readonly { name: string; files: number }[];
  files: readonly { name: string; size: number }[];
  total: number;
  isCut: boolean;
}

export function FolderTab(props: FolderProps): VNode {
  const { module, version, folder, folders, files, total, isCut } = props;
  const at = (name: string) => (folder === '' ? name : `${folder}/${name}`);
  return (
    <section aria-labelledby="files-title">
      <h2 id="files-title">
        <Trail module={module} version={version} path={folder} />
      </h2>
      <p class="faint">
        {counted(total, 'file')} in this version{isCut ? ', of which the first are shown' : ''}
      </p>
      <table class="list files">
        <thead class="hidden">
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Size</th>
          </tr>
        </thead>
        <tbody>
          {folders.map(({ name, files: count }) => (
            <tr key={name}>
              <th scope="row">
                <a href={fileHref({ module, version }, at(name))}>{name}/</a>
              </th>
              <td class="number">{counted(count, 'file')}</td>
            </tr>
          ))}
          {files.map(({ name, size }) => (
            <tr key={name}>
              <th scope="row">
                <a href={fileHref({ module, version }, at(name))}>{name}</a>
              </th>
              <td class="number">{sizeText(size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export type FileContent =
  | { kind: 'text'; lines: readonly string[] }
  | { kind: 'picture' }
  | { kind: 'binary' }
  | { kind: 'too large' };

export function FileTab(props: ShownVersion & { file: string; size: number; content: FileContent }): VNode {
  const { module, version, file, size, content } = props;
  return (
    <section aria-labelledby="file-title">
      <h2 id="file-title">
        <Trail module={module} version={version} path={file} />
      </h2>
      <p class="faint">{sizeText(size)}</p>
      {content.kind === 'text' && <Source lines={content.lines} />}
      {content.kind === 'picture' && (
        <p>
          <img class="shown" src={rawHref({ module, version }, file)} alt={file} />
        </p>
      )}
      {content.kind === 'binary' && <Notice>This file is not text.</Notice>}
      {content.kind === 'too large' && (
        <Notice>
          This file is too large to be shown.{' '}
          <code>
            go mod download -json {module}@{version}
          </code>{' '}
          gets all of them and says where they are.
        </Notice>
      )}
    </section>
  );
}

function Trail({ module, version, path }: ShownVersion & { path: string }): VNode {
  const elements = path === '' ? [] : path.split('/');
  return (
    <span class="trail">
      <a href={moduleHref({ module, version }, { tab: 'files' })}>{module.split('/').at(-1)}</a>
      {elements.map((element, i) => {
        const isLast = i === elements.length - 1;
        const below = elements.slice(0, i + 1).join('/');
        return (
          <span key={below}>
            <span aria-hidden="true"> / </span>
            {isLast ? element : <a href={fileHref({ module, version }, below)}>{element}</a>}
          </span>
        );
      })}
    </span>
  );
}

/** Characters that change the order in which a line is shown, so that it reads otherwise than it compiles. */
const REORDERING = /([\u202a-\u202e\u2066-\u2069\u200e\u200f])/;

function Source({ lines }: { lines: readonly string[] }): VNode {
  return (
    <pre class="source numbered" tabIndex={0} role="group" aria-label="Source">
      <code>
        {lines.map((line, i) => (
          <span key={i} id={`L${i + 1}`} class="line">
            {line
              .split(REORDERING)
              .map((piece, part) => (part % 2 === 0 ? piece : <Reordering key={part} of={piece} />))}
            {'\n'}
          </span>
        ))}
      </code>
    </pre>
  );
}

function Reordering({ of }: { of: string }): VNode {
  return (
    <mark title="changes the order of the text">{`U+${(of.codePointAt(0) ?? 0).toString(16).toUpperCase()}`}</mark>
  );
}

export interface DiffProps extends ShownVersion {
  /** Undefined: nothing was chosen, and there is no earlier version. */
  from: string | undefined;
  /** Versions to choose from. */
  choices: readonly string[];
  files: readonly FileChange[];
  requires: readonly RequirementChange[];
  go: { before: string | undefined; after: string | undefined };
  /** Where the documentation of both versions is; undefined without a documentation site. */
  docs: { from: string; to: string } | undefined;
  /** Why nothing can be compared. */
  problem: string | undefined;
}

export function DiffTab(props: DiffProps): VNode {
  const { module, version, from, choices, problem } = props;
  return (
    <section aria-labelledby="diff-title">
      <h2 id="diff-title">{from === undefined ? 'Changes' : `What changed from ${from} to ${version}`}</h2>
      <form class="choose" method="get" action={moduleHref({ module, version })}>
        <input type="hidden" name="tab" value="diff" />
        <label>
          Compare with{' '}
          <select name="from">
            {choices.map((choice) => (
              <option key={choice} value={choice} selected={choice === from}>
                {choice}
              </option>
            ))}
          </select>
        </label>{' '}
        <button type="submit">Show</button>
      </form>
      {problem !== undefined && (
        <Notice isBad>
          <span class="lines">{problem}</span>
        </Notice>
      )}
      {from !== undefined && problem === undefined && <Changes {...props} from={from} />}
    </section>
  );
}

function Changes(props: DiffProps & { from: string }): VNode {
  const { module, version, from, files, requires, go, docs } = props;
  return (
    <>
      {docs !== undefined && (
        <p>
          What they export: documentation of <a href={docs.from}>{from}</a> and of{' '}
          <a href={docs.to}>{version}</a>
        </p>
      )}
      <h3>go.mod</h3>
      {requires.length === 0 && go.before === go.after ? (
        <p class="faint">No requirement changed.</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">Requires</th>
              <th scope="col">{from}</th>
              <th scope="col">{version}</th>
            </tr>
          </thead>
          <tbody>
            {go.before !== go.after && <Requirement path="go" before={go.before} after={go.after} />}
            {requires.map((change) => (
              <Requirement key={change.path} {...change} />
            ))}
          </tbody>
        </table>
      )}
      <h3>{files.length === 0 ? 'No file changed' : counted(files.length, 'file')}</h3>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Change</th>
            <th scope="col" class="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map(({ file, kind, before, after }) => (
            <tr key={file}>
              <th scope="row">
                <a href={fileHref({ module, version: kind === 'removed' ? from : version }, file)}>{file}</a>
              </th>
              <td>
                <span class={`tag ${KIND_CLASS[kind]}`}>{kind}</span>
              </td>
              <td class="number">
                {[before, after]
                  .flatMap((bytes) => (bytes === undefined ? [] : [sizeText(bytes)]))
                  .join(' → ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const KIND_CLASS: Record<FileChange['kind'], string> = { added: 'good', removed: 'bad', changed: 'warn' };

function Requirement({ path, before, after }: RequirementChange): VNode {
  return (
    <tr>
      <th scope="row">{path}</th>
      <td data-label="before">{before ?? <span class="faint">–</span>}</td>
      <td data-label="now">{after ?? <span class="faint">–</span>}</td>
    </tr>
  );
}
