/**
 * What the host said is nothing that this client knows, or nothing it should decide about: git is to be asked the same,
 * and what it makes of it holds.
 */
export class FallbackToGit extends Error {
  /** Whether this repository will say the same next time. */
  readonly always: boolean;

  constructor(why: string, { always = false }: { always?: boolean } = {}) {
    super(why);
    this.name = 'AskGit';
    this.always = always;
  }
}
