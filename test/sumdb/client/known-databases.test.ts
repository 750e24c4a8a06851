import { describe, expect, it } from 'vitest';
import {
  KNOWN_DATABASES,
  PUBLIC_DATABASE,
  knownDatabase,
} from '../../../src/sumdb/client/known-databases.js';
import { generateKey, parseSignerKey, signNote, openNote } from '../../../src/sumdb/format/note.js';

describe('knownDatabase', () => {
  it('is the database that go asks by itself', () => {
    expect(KNOWN_DATABASES).toEqual(['sum.golang.org']);
    expect(knownDatabase('sum.golang.org')).toBe(PUBLIC_DATABASE);
  });

  it.each(['', 'SUM.golang.org', 'sum.golang.org.', 'sum.golang.google.cn', 'constructor'])(
    'is none for %j',
    (name) => {
      expect(knownDatabase(name)).toBeUndefined();
    },
  );
});

it('takes no other name for the public database', () => {
  const impostor = parseSignerKey(generateKey(PUBLIC_DATABASE.name).signerKey);
  expect(() => openNote(signNote('text\n', impostor), [PUBLIC_DATABASE])).toThrow();
});
