#!/usr/bin/env node
/**
 * Where the program begins. Node keeps the compiled code for the next start, from version 22 on; it has to be told before
 * anything is loaded.
 */
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { keepTickShape } from './concurrency/tick-shape.js';

/** Absent from the Node that this is compiled for. */
interface CompileCache {
  enableCompileCache?: (dir: string) => unknown;
}

keepTickShape();
// Not in the temporary directory, where another account could leave code for us. Where it cannot be written, there is none.
const cache = process.env.XDG_CACHE_HOME ?? homeCache();
if (cache !== undefined) (module as CompileCache).enableCompileCache?.(join(cache, 'modhaven', 'node'));
await import('./cli/commands/program.js');

/** Undefined for a user id without a passwd entry and without HOME, as containers may have it. */
function homeCache(): string | undefined {
  try {
    return join(homedir(), '.cache');
  } catch {
    return undefined;
  }
}
