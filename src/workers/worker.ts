/** Where a worker begins: with what has to be done before the rest of it is loaded. */
import './ignore-signals.js';
import { keepCompiledCode } from '../compiled-code.js';
import { keepTickShape } from '../concurrency/tick-shape.js';

keepTickShape();
keepCompiledCode('worker');
void import('./worker-program.js');
