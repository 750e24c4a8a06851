/**
 * The input language of `git fast-import`, as far as the repository builder speaks it.
 *
 * One process writes any number of commits, and it takes paths and contents as they are: no work tree, no attributes,
 * no line-ending conversion between a test and the object database.
 */

/** One change of a commit: content given here, an object that exists already, or a removal. */
export type FileChange =
  | { kind: 'inline'; path: string; mode: string; data: Uint8Array }
  | { kind: 'object'; path: string; mode: string; hash: string }
  | { kind: 'remove'; path: string };

export interface CommitCommand {
  /** Full name of the ref that will point at the commit. */
  ref: string;
  /** `NAME <EMAIL> SECONDS ZONE`. */
  author: string;
  committer: string;
  message: string;
  /** Hashes, the first parent first; an empty list makes a root commit; `previous` continues the command before. */
  parents: readonly string[] | 'previous';
  changes: readonly FileChange[];
}

/** The command for a commit that can be asked for as mark 1 afterwards, whatever its ref pointed at before. */
export function commitCommand(commit: CommitCommand): Buffer {
  const continued = commit.parents === 'previous';
  const [first, ...others] = continued ? [] : commit.parents;
  return Buffer.concat([
    ...(continued ? [] : [line(`reset ${commit.ref}\n`)]),
    line(`commit ${commit.ref}`),
    line('mark :1'),
    line(`author ${commit.author}`),
    line(`committer ${commit.committer}`),
    data(Buffer.from(commit.message)),
    ...(first === undefined ? [] : [line(`from ${first}`)]),
    ...others.map((hash) => line(`merge ${hash}`)),
    ...commit.changes.map(fileChange),
    line(''),
  ]);
}

/** A chain of `count` commits, each made by `make` from its number and its parents. */
export function commitSeries(
  count: number,
  parents: readonly string[],
  make: (i: number, parents: CommitCommand['parents']) => CommitCommand,
): Buffer {
  const commits = Array.from({ length: count }, (_, i) =>
    commitCommand(make(i, i === 0 ? parents : 'previous')),
  );
  return Buffer.concat(commits);
}

/** Asks for the hash of mark 1 on standard output. */
export function askForMark(): Buffer {
  return line('get-mark :1');
}

/** A payload of exactly these bytes. */
function data(bytes: Uint8Array): Buffer {
  return Buffer.concat([line(`data ${bytes.length}`), bytes, line('')]);
}

function line(text: string): Buffer {
  return Buffer.from(`${text}\n`);
}

function fileChange(change: FileChange): Buffer {
  const file = quotePath(change.path);
  switch (change.kind) {
    case 'remove':
      return line(`D ${file}`);
    case 'object':
      return line(`M ${change.mode} ${change.hash} ${file}`);
    case 'inline':
      return Buffer.concat([line(`M ${change.mode} inline ${file}`), data(change.data)]);
  }
}

function quotePath(file: string): string {
  return `"${file.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
