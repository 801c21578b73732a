import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Whether Chromium is installed; where tests must not be skipped, its absence is an error. */
export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium && process.env['CI'] !== undefined)
  throw new Error(`${executablePath} is missing`);

/** For the name of a skipped test. */
export const whySkipped: string = hasChromium ? '' : ` (skipped: no ${executablePath})`;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
}
