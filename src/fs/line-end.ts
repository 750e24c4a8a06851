/** Files of lines that a write to a full disk may have torn: what is appended next begins a line of its own. */
import { openRegular } from './regular-file.js';

/** Whether what is appended to `file` begins a line: also where there is no such file, or none that can be read. */
export async function endsInLine(file: string): Promise<boolean> {
  const opened = await openRegular(file).catch(() => undefined);
  if (opened === undefined) return true;
  const { handle, stats } = opened;
  try {
    if (stats.size === 0) return true;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, stats.size - 1);
    return buffer.toString() === '\n';
  } catch {
    return true;
  } finally {
    await handle.close();
  }
}
