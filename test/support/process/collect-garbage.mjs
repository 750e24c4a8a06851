// For `node --import`: garbage is collected whenever 16 MiB of buffers were made, so that the peak of a process is what its
// program holds, and not what V8 has yet to collect; how long it waits differs from one version of Node to the next.
import { setInterval } from 'node:timers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const STEP = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
let after = 0;
setInterval(() => {
  const { external, heapUsed } = process.memoryUsage();
  if (external + heapUsed < after + STEP) return;
  collect();
  const left = process.memoryUsage();
  after = left.external + left.heapUsed;
}, 10).unref();
