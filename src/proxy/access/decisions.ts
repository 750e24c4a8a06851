/** What the main process tells a worker of a decision that the worker had deferred to it: the value of `DECISION_HEADER`. */
import type { HostQuestion } from '../../auth/git-host.js';
import type { Resource } from '../../auth/read-access.js';
import type { Admission, Refusal, RefusalReason } from '../gate.js';
import { readFields, writeFields } from '../internal-headers.js';

/** A git host said yes to a question; `leftMs`: for how long that holds. */
export interface Grant {
  question: HostQuestion;
  leftMs: number;
}

/** What a worker's log and audit file say of a refusal. */
export function encodeRefusal({ reason, principal, privateModule }: Omit<Refusal, 'decision'>): string {
  return writeFields({ name: principal?.name, refused: reason, refusedModule: privateModule });
}

/** The refusal in a value of `DECISION_HEADER`; undefined if it is that of an admission. */
export function decodeRefusal(
  header: string,
): Pick<Refusal, 'reason' | 'principal' | 'privateModule'> | undefined {
  const { name, refused, refusedModule } = readFields(header);
  const reason = REASONS.find((known) => known === refused);
  return (
    reason && {
      reason,
      ...(name !== undefined && { principal: { name } }),
      ...(refusedModule !== undefined && { privateModule: refusedModule }),
    }
  );
}

const REASONS: readonly RefusalReason[] = [
  'login-needed',
  'login-wrong',
  'login-ended',
  'guessing',
  'forbidden',
  'undecided',
];

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
