import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { explainGitFailure } from '../../../src/vcs/failures/git-errors.js';
import { isCertificateFailure } from '../../../src/vcs/failures/certificate-words.js';
import type { CertificateFault } from '../../../src/vcs/transport/certificate.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

const STDERR =
  "fatal: unable to access 'https://git.corp/x/': server certificate verification failed. CAfile: none CRLfile: none";

function told(certificate: CertificateFault | undefined) {
  const failure = Object.assign(Object.create(GitFailure.prototype) as GitFailure, {
    stderr: STDERR,
    timedOut: false,
  });
  const { reason, remedy } = explainGitFailure(failure, {
    repo: parseRepoUrl('https://git.corp/x', '/'),
    hostKey: 'git.corp',
    credential: undefined,
    timeoutMs: 1000,
    certificate,
  });
  return { reason, remedy };
}

describe('a certificate that is not believed', () => {
  const when = new Date('2026-01-02T03:04:05Z');

  it.each([
    [{ kind: 'expired', when } as const, 'has expired (2026-01-02)', 'have it renewed'],
    [{ kind: 'not-yet', when } as const, 'is not valid yet (before 2026-01-02)', 'correct the clock'],
    [
      { kind: 'other-name', names: 'old.corp' } as const,
      'was made for another name (old.corp)',
      'use the name',
    ],
    [{ kind: 'unknown-authority' } as const, 'is not signed by an authority', 'ca_file'],
    [undefined, 'is expired or not signed', 'ca_file'],
  ])('%j', (fault, reason, remedy) => {
    const shown = told(fault);
    expect(shown.reason).toContain(reason);
    expect(shown.remedy).toContain(remedy);
  });

  it('is looked at where git does not say why', () => {
    expect(isCertificateFailure({ stderr: STDERR })).toBe(true);
    expect(isCertificateFailure({ stderr: 'fatal: repository not found' })).toBe(false);
  });
});
