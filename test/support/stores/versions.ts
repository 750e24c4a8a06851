/** Whole versions, made without git and without a network, in each of the layouts that hold some. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { escapePath, escapeVersion } from '../../../src/module/escaping.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createZipWriter } from '../../../src/zip/writer.js';
import { zipHash } from '../../conformance/module-hash.js';

export const TIME = '2024-01-02T03:04:05Z';

export interface MadeVersion {
  module: string;
  version: string;
  info: Buffer;
  mod: Buffer;
  zip: Buffer;
  /** `h1:` of the zip. */
  hash: string;
}

/** A version with these files; unless `go.mod` is one of them, with a plain go.mod file; with `null`, with none. */
export async function makeVersion(
  module: string,
  version: string,
  files: Record<string, string | null> = { 'a.go': 'package a\n' },
): Promise<MadeVersion> {
  const mod = Buffer.from(files['go.mod'] ?? `module ${module}\n`);
  const sink = new PassThrough();
  const bytes = buffer(sink);
  const writer = createZipWriter(sink);
  const all: Record<string, string | null> = { 'go.mod': mod.toString(), ...files };
  for (const [name, content] of Object.entries(all)) {
    if (content !== null) await writer.addBuffer(`${module}@${version}/${name}`, Buffer.from(content));
  }
  await writer.finish();
  sink.end();
  const zip = await bytes;
  const info = Buffer.from(JSON.stringify({ Version: version, Time: TIME }));
  return { module, version, info, mod, zip, hash: await zipHash(zip) };
}

/** `GOPROXY=file://DIR`, which is also `GOMODCACHE/cache/download` and the store. */
export async function writeProxyTree(dir: string, ...versions: MadeVersion[]): Promise<void> {
  for (const { module, version, info, mod, zip, hash } of versions) {
    const base = proxyFile(dir, module, version);
    await mkdir(path.dirname(base), { recursive: true });
    await writeFile(`${base}info`, info);
    await writeFile(`${base}mod`, mod);
    await writeFile(`${base}zip`, zip);
    await writeFile(`${base}ziphash`, hash);
  }
}

/** The file of a version in such a tree; without `kind` the beginning of its name, up to the last dot. */
export function proxyFile(dir: string, module: string, version: string, kind = ''): string {
  return path.join(dir, escapePath(parseModulePath(module)), '@v', `${escapeVersion(version)}.${kind}`);
}

/** The disk storage of Athens. */
export async function writeAthensTree(dir: string, ...versions: MadeVersion[]): Promise<void> {
  for (const { module, version, info, mod, zip } of versions) {
    const folder = path.join(dir, module, version);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, `${version}.info`), info);
    await writeFile(path.join(folder, 'go.mod'), mod);
    await writeFile(path.join(folder, 'source.zip'), zip);
  }
}
