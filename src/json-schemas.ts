/**
 * JSON Schemas of both files, for editors: made from the definitions the program itself reads the files with.
 *
 * Run as a program (`npm run schema`) it writes them to config/; a test fails while they are not what it would write.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { VanityFile } from './vanity/schema.js';
import { ConfigFile } from './config/schema.js';

/** File name in config/ → what belongs into it. */
export function jsonSchemas(): Record<string, string> {
  return {
    'modhaven.schema.json': toText(ConfigFile, 'modhaven.yaml'),
    'vanity.schema.json': toText(VanityFile, 'vanity.yaml'),
  };
}

function toText(schema: z.ZodType, title: string): string {
  // draft-07 is what the YAML language server understands in full.
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return `${JSON.stringify({ $schema: json.$schema, title, ...json }, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(jsonSchemas())) {
    writeFileSync(new URL(`../config/${name}`, import.meta.url), text);
  }
}
