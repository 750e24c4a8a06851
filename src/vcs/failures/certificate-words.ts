/** What is wrong with the certificate of a git host, and what to change: four causes, four remedies. */
import { IN_REPO, entry, type FailureContext } from './failure-row.js';

/** git cannot verify a certificate, and says why or not, by the TLS library that it was built with. */
export const UNVERIFIED =
  /server certificate verification failed|certificate verify failed|self[- ]signed certificate|unable to get local issuer/i;

/** Whether only a look at the certificate of the host tells what is wrong with it. */
export function isCertificateFailure({ stderr }: { stderr: string }): boolean {
  return UNVERIFIED.test(stderr);
}

export const NOT_YET =
  'correct the clock of the modhaven server, or have a certificate made that is valid now';
export const OTHER_NAME = `use the name in the certificate ${IN_REPO}, or have one made for this name`;

export function renew(context: FailureContext): string {
  return `have it renewed (until then, ${entry(context)}.insecure_tls: true turns the check off)`;
}

export function certificateReason({ certificate, repo }: FailureContext): string {
  const its = `the TLS certificate of ${repo.host}`;
  switch (certificate?.kind) {
    case 'expired':
      return `${its} has expired (${certificate.when.toISOString().slice(0, 10)})`;
    case 'not-yet':
      return `${its} is not valid yet (before ${certificate.when.toISOString().slice(0, 10)})`;
    case 'other-name':
      return `${its} was made for another name${certificate.names === '' ? '' : ` (${certificate.names})`}`;
    case 'unknown-authority':
      return `${its} is not signed by an authority that the server knows`;
    case undefined:
      return 'the TLS certificate of the git host is expired or not signed by an authority the server knows';
  }
}

export function certificateRemedy(context: FailureContext): string {
  switch (context.certificate?.kind) {
    case 'expired':
      return renew(context);
    case 'not-yet':
      return NOT_YET;
    case 'other-name':
      return OTHER_NAME;
    case 'unknown-authority':
    case undefined:
      return `set ${entry(context)}.ca_file to your company's CA certificate in modhaven.yaml (insecure_tls: true turns the check off)`;
  }
}
