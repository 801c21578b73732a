// Writes the ESM door of every entry: `dist/x.mjs` and `dist/x.d.mts` beside the compiled `dist/x.js`.
// One copy of the code serves `import` and `require`, so identity never depends on the loader.
// And makes the compiled entry cheap to call through.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { codeEntries, publishedPackages } from './packages.mjs';

const require = createRequire(import.meta.url);

for (const { folder, manifest } of publishedPackages()) {
  for (const [, target] of codeEntries(manifest)) {
    const file = join(folder, target);
    flatten(file);
    writeFacade(file);
  }
}

// tsc defines each re-exported name as a getter. V8 then keeps the exports in a hash table, and a call of one package
// into another costs ten nanoseconds more and is never inlined: a third of what trustedHost() took for a request.
// An entry is loaded after what it lists, so a plain property holds the same. Line for line, for the source maps.
function flatten(file) {
  const getter =
    /^Object\.defineProperty\(exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return (\w+\.\w+); \} \}\);$/gm;
  const compiled = readFileSync(file, 'utf8');
  const flat = compiled.replace(getter, 'exports.$1 = $2;');
  if (flat !== compiled) writeFileSync(file, flat);
}

function writeFacade(file) {
  const exported = require(file);
  const source = `./${basename(file)}`;
  const callable = typeof exported === 'function';
  const names = Object.keys(exported).filter((name) => name !== 'default' && name !== '__esModule');
  const code = [`import entry from '${source}';`];
  if (callable) code.push('export default entry;');
  if (names.length > 0) code.push(`export const { ${names.join(', ')} } = entry;`);
  const types = callable ? callableTypes(file, source, names) : [`export * from '${source}';`];
  const stem = file.replace(/\.js$/, '');
  writeFileSync(`${stem}.mjs`, lines(code));
  writeFileSync(`${stem}.d.mts`, lines(types));
}

// A module that uses `export =` cannot be re-exported with `*`: its names are listed.
function callableTypes(file, source, names) {
  const declared = readFileSync(file.replace(/\.js$/, '.d.ts'), 'utf8');
  const types = [...declared.matchAll(/^\s+(?:export )?(?:interface|type) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const all = [...new Set([...names, ...types])];
  return [
    `import entry from '${source}';`,
    'export default entry;',
    ...(all.length > 0 ? [`export { ${all.join(', ')} } from '${source}';`] : []),
  ];
}

function lines(list) {
  return `${list.join('\n')}\n`;
}
