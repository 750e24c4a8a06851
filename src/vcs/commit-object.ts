/** What a raw commit object says. Pure. */

/** The committer time of a commit; undefined where git reads none, so that the go command refuses the commit. */
export function committerTime(commit: Buffer): Date | undefined {
  const end = commit.indexOf('\n\n');
  const headers = commit.toString('latin1', 0, end < 0 ? commit.length : end);
  const line = /^committer (.*)$/m.exec(headers)?.[1] ?? '';
  // As git splits the line (ident.c, split_ident_line): digits and a zone after the last angle bracket, or no time at all.
  const time = line.slice(line.lastIndexOf('>') + 1);
  const digits = time === line ? undefined : /^[ \t\r]*0*(\d+)[ \t\r]*[+-]\d/.exec(time)?.[1];
  // The go command reads 64 bits with a sign. Date holds less: such a time is an invalid Date, but a time.
  if (digits === undefined || digits.length > MAX_DIGITS || BigInt(digits) > MAX_INT64) return undefined;
  return new Date(Number(digits) * 1000);
}

const MAX_INT64 = 2n ** 63n - 1n;
/** A commit may have millions of digits there, and to read them as a number takes seconds. */
const MAX_DIGITS = String(MAX_INT64).length;
