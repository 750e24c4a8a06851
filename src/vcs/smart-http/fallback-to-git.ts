/**
 * The host answered with something that this client does not know, or should not decide about: git is to send the same
 * request, and what git makes of the answer holds.
 */
export class FallbackToGit extends Error {
  /** Whether this repository will answer the same next time. */
  readonly always: boolean;

  constructor(why: string, { always = false }: { always?: boolean } = {}) {
    super(why);
    this.name = 'FallbackToGit';
    this.always = always;
  }
}
