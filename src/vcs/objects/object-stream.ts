/** Parses what `git cat-file --batch` prints, however it is cut into pieces. */

export interface GitObject {
  hash: string;
  type: string;
  content: Buffer;
}

export interface ObjectSink {
  /** The size of the object that follows, before room is made for it; false ends the reading. */
  accept(size: number): boolean;
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
  let current: GitObject | undefined;
  /** Bytes of the current object that are there. */
  let filled = 0;
  let isOver = false;

  function header(line: string): void {
    const match = HEADER.exec(line);
    if (match === null) {
      sink.object(undefined);
      return;
    }
    const [, hash = '', type = '', digits = ''] = match;
    const size = Number(digits);
    isOver = !sink.accept(size);
    if (isOver) return;
    // Copied, and into one buffer: an object must not keep alive the whole of what was read with it.
    current = { hash, type, content: Buffer.allocUnsafe(size) };
    filled = 0;
  }

  return {
    push(piece) {
      let at = 0;
      while (at < piece.length && !isOver) {
        if (current !== undefined) {
          const { content } = current;
          if (filled < content.length) {
            const copied = piece.copy(content, filled, at);
            filled += copied;
            at += copied;
          } else {
            at += 1; // the line break behind it
            const object = current;
            current = undefined;
            sink.object(object);
          }
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
