import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPackages, root } from './packages.mjs';

for (const { folder } of publishedPackages())
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
for (const name of ['coverage', join('packages', 'testing', 'dist')]) {
  rmSync(join(root, name), { recursive: true, force: true });
}
