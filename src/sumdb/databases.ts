/** Checksum databases as the server passes them on: public ones and our own, by name. */

/** One text or tile of a checksum database. */
export interface SumdbAnswer {
  body: Buffer;
  /** Whether the answer was made from what is kept here, without asking another server. */
  hit: boolean;
  /** Whether the answer can never change. */
  immutable: boolean;
  /** Whether it follows from a signed tree; absent: yes. What does not is kept nowhere, by no cache on the way either. */
  isProved?: boolean;
  /** When the content was asked for, in milliseconds since 1970; absent: now. */
  asOf?: number;
  /** Whether the content is older than it should be because the database cannot be asked. */
  stale?: boolean;
}

/** All databases that come through this server, by name. */
export interface ChecksumDatabases {
  /**
   * `path` is decoded, without a slash before it. `isAnonymous` says that the caller has no login although others have one:
   * for such a caller nothing is recorded for ever that its repository does not list. Throws the error that the client is
   * told.
   */
  get(name: string, path: string, isAnonymous?: boolean): Promise<SumdbAnswer>;
}
