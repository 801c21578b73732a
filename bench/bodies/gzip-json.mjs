// JSON as an API gives it, every body different and the same in every run.
import zlib from 'node:zlib';

function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = 'alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima'.split(
  ' ',
);

function body(bytes, seed) {
  const next = random(seed);
  const word = () => words[Math.floor(next() * words.length)];
  const items = [];
  let length = 2;
  while (length < bytes) {
    const id = Math.floor(next() * 1e9).toString(36);
    const text = JSON.stringify({
      id,
      name: `${word()} ${word()}`,
      email: `${id}@${word()}.example`,
      score: Math.round(next() * 10_000) / 100,
      active: next() < 0.5,
      tags: [word(), word()],
    });
    items.push(text);
    length += text.length + 1;
  }
  return `[${items.join(',')}]`;
}

export function bodies(kilobytes, count = 40) {
  return Array.from({ length: count }, (_, i) => body(kilobytes * 1024, i * 7919 + kilobytes));
}

/** A handler that answers with one body after the other. */
export function respond(list) {
  let at = 0;
  return (_req, res) => {
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.end(list[at++ % list.length]);
  };
}

export function decodeLike(coding, bytes) {
  if (coding === 'gzip') return zlib.gunzipSync(bytes);
  if (coding === 'br') return zlib.brotliDecompressSync(bytes);
  if (coding === 'zstd') return zlib.zstdDecompressSync(bytes);
  if (coding === 'deflate') return zlib.inflateSync(bytes);
  return bytes;
}
