/** Commands called as functions, with an account of their own: no settings of the account that runs the tests. */
import { afterAll, beforeAll, vi } from 'vitest';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

export interface Account {
  /** Where ~/.netrc is looked for. */
  readonly home: string;
}

/** Seals `process.env` for the tests of a `describe`. */
export function sealedAccount(): Account {
  const account = { home: '' };
  beforeAll(async () => {
    account.home = await tempDir('home');
    for (const name of Object.keys(process.env)) {
      if (/proxy$|^GIT_|^SSH_/i.test(name)) vi.stubEnv(name, undefined);
    }
    for (const [name, value] of Object.entries(sealedEnv({ HOME: account.home }))) vi.stubEnv(name, value);
  });
  afterAll(() => void vi.unstubAllEnvs());
  return account;
}
