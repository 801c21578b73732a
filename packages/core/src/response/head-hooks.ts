import type { ServerResponse } from 'node:http';
import { reportFault } from './report.ts';
import type { Seam } from './seam.ts';

/**
 * Runs the head hooks, inner first. A hook that registers another one sees it run next.
 * A throw is reported and the others run: in `writeHead` under a timer it would end the process.
 */
export function runHeadHooks(res: ServerResponse, seam: Seam): void {
  for (let hook = seam.hooks; hook !== undefined; hook = seam.hooks) {
    seam.hooks = hook.outer;
    try {
      hook.run(res, hook.data as never);
    } catch (error) {
      reportFault('A head hook', error);
    }
  }
}
