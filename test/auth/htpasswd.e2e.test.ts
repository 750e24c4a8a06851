import { describe, expect, it } from 'vitest';
import { PasswordChecker, parseHtpasswd } from '../../src/auth/htpasswd.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';

describe.skipIf(missing('htpasswd'))('the htpasswd command', () => {
  it('writes what is read here', async () => {
    const line = await mustRun('htpasswd', ['-nbB', 'ann', 'Gr\u00fcn & blau']);
    const checker = new PasswordChecker(parseHtpasswd(line, 'users'));
    await expect(checker.check('ann', 'Gr\u00fcn & blau')).resolves.toBe(true);
    await expect(checker.check('ann', 'Gr\u00fcn')).resolves.toBe(false);
  });
});
