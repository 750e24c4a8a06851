/** The line that a command leaves in the audit file, where there is one. */
import { loadConfig } from '../../config/load-config.js';
import { ModhavenError, errorMessage } from '../../errors.js';
import { accountName, appendAudit, type AuditEntry } from '../../log/audit-file.js';

/** Writes down what was done, and under which account. Throws STORAGE: it was done, but is not recorded. */
export async function audited(config: string | undefined, entry: AuditEntry): Promise<void> {
  const file = loadConfig(config).auditFile;
  if (file === undefined) return;
  try {
    await appendAudit(file, { ...entry, by: accountName() });
  } catch (error) {
    throw new ModhavenError('STORAGE', `done, but the audit file ${file} could not be written`, {
      reason: errorMessage(error),
      remedy: 'let this account write the file, or write down there what was done',
      cause: error,
    });
  }
}
