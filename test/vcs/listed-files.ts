import type { TreeEntry, TreeListing } from '../../src/vcs/types.js';

/** All that a listing gives. */
export async function listedFiles(listing: TreeListing | Promise<TreeListing>): Promise<TreeEntry[]> {
  const files: TreeEntry[] = [];
  for await (const batch of await listing) files.push(...batch);
  return files;
}
