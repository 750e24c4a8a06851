/**
 * A zip on its way from an upstream: any number of readers may follow it while it comes in.
 *
 * What has come in is checked as a whole (size, names, checksums, the right module inside) and stored before any reader
 * gets its last bytes. Until the first byte went out, the next upstream may be tried. A small zip, of which no reader would
 * get anything before its end, is never in a file of its own.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { processTag } from '../fs/process-tag.js';
import { isModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import { ZIP_LIMITS } from '../module/files/zip-files.js';
import type { SourceZip, WholeZip, ZipStream, ZipTarget } from '../modfetch/repo.js';
import { storage } from '../store/storage-error.js';
import { readModuleZip } from '../zip/check.js';
import { goModIn } from '../zip/zipped-mod.js';
import type { GoproxyClient } from './goproxy-client.js';
import { unusable, versionPath } from './protocol.js';
import { FIRST_VISIBLE, createTailingFile, type TailingFile } from './tailing-file.js';
import type { UpstreamAnswer } from './upstream-answer.js';

export interface ZipRequest {
  client: GoproxyClient;
  /** A directory on the disk of the store, for zips that are not checked yet. */
  tempDir: string;
  module: ModulePath;
  version: CanonicalVersion;
  /** Asked after the proxies of the list; undefined if nothing stands behind them. */
  beyond: (() => Promise<SourceZip>) | undefined;
}

/** Resolves when the zip can be followed or is whole, whichever comes first. */
export async function fetchZip(request: ZipRequest): Promise<SourceZip> {
  const arriving = new ArrivingZip(request);
  const whole = arriving.fetch();
  whole.catch(() => undefined); // reported by `deliver`, and below
  const elsewhere = await Promise.race([whole, arriving.visible]);
  if (elsewhere !== undefined) return elsewhere;
  return {
    deliver: (target) => whole.then(() => arriving.deliver(target)),
    ...(arriving.hasReaders() ? { follow: () => arriving.follow() } : {}),
  };
}

/** A whole zip that was checked. */
type Checked = { zip: WholeZip } & ({ bytes: Buffer } | IncomingFile);

interface IncomingFile {
  path: string;
  /** Its own, to be removed with it. */
  folder: string;
  file: TailingFile;
}

class ArrivingZip {
  /** Resolves when the first bytes can be read. */
  readonly visible: Promise<undefined>;
  private readonly request: ZipRequest;
  private show: () => void = () => undefined;
  private current: { file: TailingFile; length: number | undefined } | undefined;
  private checked: Checked | undefined;

  constructor(request: ZipRequest) {
    this.request = request;
    this.visible = new Promise((resolve) => (this.show = () => resolve(undefined)));
  }

  /** Resolves when the zip is whole and checked; with the zip of `beyond` where no proxy had it. */
  fetch(): Promise<SourceZip | undefined> {
    const { client, beyond } = this.request;
    return client.read<SourceZip | undefined>(this.path(), (answer) => this.take(answer), {
      isFinal: () => this.hasReaders(),
      beyond,
    });
  }

  hasReaders(): boolean {
    return this.current !== undefined;
  }

  async follow(): Promise<ZipStream | undefined> {
    if (this.current === undefined) return undefined;
    const { file, length } = this.current;
    try {
      return { length, body: await file.read() };
    } catch {
      return undefined; // it ended meanwhile, and its file is gone
    }
  }

  /** Readers get the end of the zip only after `target` took it. */
  async deliver(target: ZipTarget): Promise<void> {
    const { checked } = this;
    if (checked === undefined) throw new Error(`${this.path()} was delivered before it came`);
    if ('bytes' in checked) return target.putBytes(checked.bytes, checked.zip);
    const { path, folder, file, zip } = checked;
    try {
      await target.putFile(path, zip);
      file.complete();
    } catch (error) {
      file.fail(error);
      throw error;
    } finally {
      await discard(file, folder);
    }
  }

  private async take(answer: UpstreamAnswer): Promise<undefined> {
    const pieces = plausible(answer, this.path());
    const { bytes, isWhole } = await firstBytes(pieces, FIRST_VISIBLE);
    if (isWhole) this.checked = { bytes, zip: await this.check(bytes) };
    else await this.takeIntoFile(bytes, pieces, answer.length);
  }

  /** `begin` is what came before `rest`. */
  private async takeIntoFile(
    begin: Buffer,
    rest: AsyncGenerator<Uint8Array>,
    length: number | undefined,
  ): Promise<void> {
    const { tempDir } = this.request;
    await storage(mkdir(tempDir, { recursive: true }));
    const folder = await storage(mkdtemp(join(tempDir, `upstream-${processTag()}-`)));
    const path = join(folder, 'zip');
    const file = await storage(createTailingFile(path));
    try {
      await storage(file.write(begin));
      this.current = { file, length };
      this.show();
      for (;;) {
        const { bytes, isWhole } = await firstBytes(rest, WRITTEN_AT_ONCE);
        if (bytes.length > 0) await storage(file.write(bytes));
        if (isWhole) break;
      }
      this.checked = { path, folder, file, zip: await this.check(path) };
    } catch (error) {
      file.fail(error);
      await discard(file, folder);
      throw error;
    }
  }

  /** What a zip holds: its bytes, or those of the file with this path. */
  private async check(zip: string | Buffer): Promise<WholeZip> {
    const { module, version } = this.request;
    const { hash, files } = await readModuleZip(zip, `${module}@${version}`).catch((error: unknown) => {
      // What an upstream sends in place of a zip says nothing about the version.
      throw isModhavenError(error) ? unusable(this.path(), error.reason ?? error.message) : error;
    });
    return { hash, goMod: goModIn(files, { module, version }) };
  }

  private path(): string {
    const { module, version } = this.request;
    return versionPath({ module, version, kind: 'zip' });
  }
}

async function discard(file: TailingFile, folder: string): Promise<void> {
  await file.close();
  await rm(folder, { recursive: true, force: true });
}

/** Bytes that are written in one step: over TLS they come in pieces of at most 16 KiB, each of which would be a trip to a thread. */
const WRITTEN_AT_ONCE = 128 * 1024;

/** The next pieces, until they are at least `enough` bytes or come to their end (`isWhole`). */
async function firstBytes(
  pieces: AsyncGenerator<Uint8Array>,
  enough: number,
): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const read: Uint8Array[] = [];
  let size = 0;
  while (size < enough) {
    const next = await pieces.next();
    if (next.done === true) return { bytes: Buffer.concat(read), isWhole: true };
    read.push(next.value);
    size += next.value.length;
  }
  return { bytes: Buffer.concat(read), isWhole: false };
}

/** The pieces of an answer, as long as it is a zip of possible size and comes to its announced end. */
async function* plausible({ body, length }: UpstreamAnswer, path: string): AsyncGenerator<Uint8Array> {
  const limit = ZIP_LIMITS.zip;
  if (length !== undefined && length > limit) throw unusable(path, `it is larger than ${limit} bytes`);
  let size = 0;
  let start = Buffer.alloc(0);
  for await (const piece of body) {
    if (start.length < SIGNATURE.length) {
      start = Buffer.concat([start, piece]).subarray(0, SIGNATURE.length);
      if (!SIGNATURE.subarray(0, start.length).equals(start)) throw unusable(path, 'it is not a zip');
    }
    size += piece.length;
    if (size > limit) throw unusable(path, `it is larger than ${limit} bytes`);
    yield piece;
  }
  if (length !== undefined && size !== length) {
    throw unusable(path, `it ended after ${size} of ${length} bytes`);
  }
}

/** How a zip begins. */
const SIGNATURE = Buffer.from('PK');
