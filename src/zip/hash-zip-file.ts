import { errorMessage } from '../errors.js';
import { compareBytes } from '../module/byte-order.js';
import { OrderedHash1, type HashedFile } from '../module/files/dirhash.js';
import { eachEntry, hashEntry, openZipFile, readZipContent } from './check.js';

/** The `h1:` hash of what a zip holds, or why it is not a good zip. */
export type ZipVerdict = { hash: string } | { problem: string };

/** Of zips with more files the names are not held in memory: a million of them take 300 MB. */
const MANY = 50_000;
/** Files that may stand behind their place in the byte order of names. Zips of ours have one, LICENSE. */
const MAX_LATE = 1_000;

/** Reads the zip `file` to its end. Throws what the operating system says if it cannot be read. */
export async function hashZipFile(file: string, many = MANY): Promise<ZipVerdict> {
  try {
    const opened = await openZipFile(file);
    if (opened.zip.entryCount > many) {
      opened.zip.close();
      const hash = await hashInOrder(file);
      if (hash !== undefined) return { hash };
      return { hash: (await readZipContent(await openZipFile(file))).hash };
    }
    return { hash: (await readZipContent(opened)).hash };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error;
    return { problem: errorMessage(error) };
  }
}

/** A file that stands behind its place in the byte order of names. */
interface LateFile extends HashedFile {
  /** Which entry of the zip it is. */
  index: number;
}

/** The hash of a zip whose names are in byte order but for a few; undefined for any other, and where one is there twice. */
async function hashInOrder(file: string): Promise<string | undefined> {
  const late = await lateFiles(file);
  if (late === undefined) return undefined;
  const indexes = new Set(late.map(({ index }) => index));
  const hash = new OrderedHash1();
  let next = 0;
  const isWhole = await useEach(file, async (name, sha256, index) => {
    if (indexes.has(index)) return true;
    for (let each = late[next]; each && compareBytes(each.name, name) <= 0; each = late[(next += 1)]) {
      if (each.name === name) return false;
      hash.add(each);
    }
    hash.add({ name, sha256: await sha256() });
    return true;
  });
  if (!isWhole) return undefined;
  late.slice(next).forEach((each) => hash.add(each));
  return hash.sum();
}

/** In byte order; undefined if they are many, or one of them is there twice. */
async function lateFiles(file: string): Promise<LateFile[] | undefined> {
  const late: LateFile[] = [];
  let last: string | undefined;
  const areFew = await useEach(file, async (name, sha256, index) => {
    if (last === undefined || compareBytes(last, name) < 0) last = name;
    else late.push({ name, sha256: await sha256(), index });
    return late.length <= MAX_LATE;
  });
  late.sort((a, b) => compareBytes(a.name, b.name));
  const isTwice = late.some(({ name }, i) => late[i - 1]?.name === name);
  return areFew && !isTwice ? late : undefined;
}

/** Calls `use` with the entries of a zip in their order until it says false; false if it did. */
async function useEach(
  file: string,
  use: (name: string, sha256: () => Promise<string>, index: number) => boolean | Promise<boolean>,
): Promise<boolean> {
  const opened = await openZipFile(file);
  try {
    let index = 0;
    for await (const entry of eachEntry(opened)) {
      const name = entry.fileNameRaw.toString();
      if (!(await use(name, () => hashEntry(opened, entry, name), index))) return false;
      index += 1;
    }
    return true;
  } finally {
    opened.zip.close();
  }
}
