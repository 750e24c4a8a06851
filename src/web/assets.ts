/** The files that belong to the pages: read once, when the server starts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { programFile } from '../program-files.js';

export interface Asset {
  type: string;
  bytes: Buffer;
}

const TYPES = {
  'style.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export interface Assets {
  /** Changes when one of the files does. */
  tag: string;
  get(name: string): Asset | undefined;
}

/** Reads the files. They lie in `web/static/`. */
export function readAssets(): Assets {
  const assets = new Map<string, Asset>();
  const hash = createHash('sha256');
  for (const [name, type] of Object.entries(TYPES)) {
    const bytes = readFileSync(programFile(`web/static/${name}`));
    hash.update(bytes);
    assets.set(name, { type, bytes });
  }
  return { tag: hash.digest('base64url').slice(0, 10), get: (name) => assets.get(name) };
}
