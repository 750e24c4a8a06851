/** Parses what `git cat-file --batch` prints, however it is cut into pieces. */

export interface GitObject {
  hash: string;
  type: string;
  content: Buffer;
}

export interface ObjectSink {
  /** The size of the object that follows, before its first byte is kept. */
  accept(size: number): void;
  /** One answer; undefined where git has no such object ("… missing", "… ambiguous"). */
  object(object: GitObject | undefined): void;
}

export interface ObjectParser {
  push(piece: Buffer): void;
}

const NEWLINE = 0x0a;
const HEADER = /^([0-9a-f]{40,64}) (\w+) (\d+)$/;

export function createObjectParser(sink: ObjectSink): ObjectParser {
  /** The beginning of a header line that is not complete yet. */
  let rest: Buffer = Buffer.alloc(0);
  let current: { hash: string; type: string; size: number } | undefined;
  let pieces: Buffer[] = [];
  /** Bytes of the current object and the line break after it that are to come. */
  let left = 0;

  function header(line: string): void {
    const match = HEADER.exec(line);
    if (match === null) {
      sink.object(undefined);
      return;
    }
    const [, hash = '', type = '', digits = ''] = match;
    const size = Number(digits);
    current = { hash, type, size };
    left = size + 1;
    sink.accept(size);
  }

  function finish({ hash, type, size }: { hash: string; type: string; size: number }): void {
    const [first = Buffer.alloc(0)] = pieces;
    // Copied: an object must not keep alive the whole of what was read with it.
    const content = pieces.length === 1 ? Buffer.from(first.subarray(0, size)) : Buffer.concat(pieces, size);
    pieces = [];
    current = undefined;
    sink.object({ hash, type, content });
  }

  return {
    push(piece) {
      let at = 0;
      while (at < piece.length) {
        if (current !== undefined) {
          const part = piece.subarray(at, at + left);
          pieces.push(part);
          at += part.length;
          left -= part.length;
          if (left === 0) finish(current);
          continue;
        }
        const end = piece.indexOf(NEWLINE, at);
        if (end < 0) {
          rest = Buffer.concat([rest, piece.subarray(at)]);
          return;
        }
        const line = rest.toString('latin1') + piece.toString('latin1', at, end);
        rest = Buffer.alloc(0);
        at = end + 1;
        header(line);
      }
    },
  };
}
