/** Makes folders: where `mkdir` with `recursive` may never end, and where others may not look. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './file-errors.js';

/**
 * Makes `folder`, and what is missing above it. Throws what the file system throws. Below `/proc` a folder that is
 * missing can be made neither before nor after its parents, and Node's recursive `mkdir` tries both for ever.
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !(await exists(at)); at = dirname(at)) missing.push(at);
  for (const at of missing.reverse()) {
    await mkdir(at).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error; // another process made it meanwhile
    });
  }
  if (!(await stat(folder)).isDirectory()) {
    throw Object.assign(new Error('there is a file of that name, not a directory'), { code: 'ENOTDIR' });
  }
}

/**
 * Makes `folder` for this account alone, and what is missing above it as usual. One that is there keeps its rights:
 * somebody may have meant them. Throws what the file system throws.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
}

/** Makes `folder` and what is missing above it, below `root`, which is for this account alone. Throws what the file system throws. */
export async function makeFolderIn(root: string, folder: string): Promise<void> {
  await makePrivateFolder(root);
  await mkdir(folder, { recursive: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT') && dirname(path) !== path) return false;
    throw error;
  }
}
