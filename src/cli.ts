#!/usr/bin/env node
/** Where the program begins: with what has to be done before the rest of it is loaded. */
import { keepCompiledCode } from './compiled-code.js';
import { keepTickShape } from './concurrency/tick-shape.js';
import { commandOf, holdSignals } from './start-signals.js';

const words = process.argv.slice(2);
holdSignals(words);
keepTickShape();
keepCompiledCode(commandOf(words) === 'serve' ? 'serve' : 'command');
void import('./cli/commands/program.js');
