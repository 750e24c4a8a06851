/**
 * The audit file (`audit:` in modhaven.yaml): one line of JSON for each event, for its owner alone. Several processes may
 * append to it: a line is one write at the end of the file, so that lines do not mix.
 */
import type { FileHandle } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { endsInLine } from '../fs/line-end.js';
import { openForAppending } from '../fs/regular-file.js';

/** What happened; `time` is added. No value may hold a credential. */
export interface AuditEntry {
  event: string;
  [field: string]: unknown;
}

/** Appends the line of what a command does. Rejects with what the system says. Servers write theirs through a `LineFile`. */
export async function appendAudit(file: string, entry: AuditEntry): Promise<void> {
  const line = auditLine(entry);
  const isTorn = !(await endsInLine(file));
  const handle = await openForAppending(file, 0o600);
  try {
    await keepForOwner(handle);
    await handle.appendFile(isTorn ? `\n${line}` : line);
  } finally {
    await handle.close();
  }
}

/** The line of what happened just now, its line end included. */
export function auditLine(entry: AuditEntry): string {
  return `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`;
}

/** Takes the rights of other accounts away from an open file. */
export async function keepForOwner(handle: FileHandle): Promise<void> {
  const { mode } = await handle.stat();
  if ((mode & 0o077) !== 0) await handle.chmod(0o600);
}

/** The account that runs a command, for the line of what it does. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // an account without a name, as in many containers
  }
}
