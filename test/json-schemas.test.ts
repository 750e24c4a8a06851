import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonSchemas } from '../src/json-schemas.js';

function committed(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../config/${name}`, import.meta.url), 'utf8'));
}

describe('jsonSchemas', () => {
  it.each(Object.entries(jsonSchemas()))('%s in config/ is up to date (npm run schema)', (name, text) => {
    // As data: the formatter has its own idea of short lists.
    expect(committed(name)).toEqual(JSON.parse(text));
  });

  it('describes every key', () => {
    const keys: string[] = [];
    for (const text of Object.values(jsonSchemas())) {
      JSON.parse(text, (key, value: unknown) => {
        if (key !== 'properties') return value;
        for (const [name, property] of Object.entries(value as Record<string, { description?: string }>)) {
          keys.push(name);
          expect(property.description, name).toMatch(/\S/);
        }
        return value;
      });
    }
    expect(keys).toEqual(
      expect.arrayContaining(['listen', 'max_size', 'ssh_options', 'token_file', 'subdir']),
    );
  });
});
