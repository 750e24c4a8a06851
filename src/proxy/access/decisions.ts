/** What the main process tells a worker of a decision that the worker had deferred to it: the value of `DECISION_HEADER`. */
import type { HostQuestion } from '../../auth/git-host.js';
import type { Resource } from '../../auth/read-access.js';
import type { Admission } from '../gate.js';
import { writeFields } from '../internal-headers.js';

/** A git host said yes to a question; `leftMs`: for how long that holds. */
export interface Grant {
  question: HostQuestion;
  leftMs: number;
}

/** Who was admitted, whether the module is private, and what a git host had said. */
export function encodeDecision(
  { principal, audience }: Admission,
  resource: Resource,
  grant?: Grant,
): string {
  const isModule = resource.kind === 'module';
  return writeFields({
    name: principal.name,
    audience,
    ...(isModule && { path: resource.path, privacy: resource.isPrivate ? 'private' : 'public' }),
    ...(grant && { granted: JSON.stringify(grant.question), leftMs: String(Math.floor(grant.leftMs)) }),
  });
}
