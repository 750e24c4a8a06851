/**
 * How large a configuration file may be. A file is read again while the server runs, so no content of it may stop the
 * process or keep it busy for long: these bounds are checked before the work they bound is done.
 */

/** Bytes of a file: enough for 20,000 rules in the short form. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;

/** Maps and lists inside one another, with aliases followed. Our files need 5. */
export const MAX_DEPTH = 32;

/** Keys and values, with aliases followed: 10,000 rules written with all their keys have 90,000. */
export const MAX_NODES = 100_000;

/** `*name`s in a file. */
export const MAX_ALIASES = 1_000;
