#!/usr/bin/env node
/** Where the program begins: with what has to be done before the rest of it is loaded. */
import { keepCompiledCode } from './compiled-code.js';
import { keepTickShape } from './concurrency/tick-shape.js';
import { holdSignals } from './start-signals.js';

holdSignals(process.argv.slice(2));
keepTickShape();
const command = process.argv.slice(2).find((word) => !word.startsWith('-'));
keepCompiledCode(command === 'serve' ? 'serve' : 'command');
void import('./cli/commands/program.js');
