/** Origins that nobody who writes an expression for his own hosts means to allow. */
const strangers: readonly string[] = ['http', 'https'].flatMap((scheme) =>
  ['evil.com', 'evil.io', 'evil.net', 'evil.org', 'www.evil.com', 'www.evil.net'].flatMap(
    (host) => [`${scheme}://${host}`, `${scheme}://${host}:8080`],
  ),
);

/** An origin of a stranger that an expression accepts, or undefined. */
export function findStranger(test: (origin: string) => boolean): string | undefined {
  return strangers.find((origin) => test(origin));
}

/**
 * An origin that looks like one of the hosts in an expression, belongs to somebody else, and is accepted all the same:
 * `https://evilexample.org` for `https://.*example\.org`.
 */
export function findNearMiss(
  source: string,
  test: (origin: string) => boolean,
): string | undefined {
  const hosts = literalHosts(source);
  const isMeant = (host: string): boolean =>
    hosts.some((meant) => host === meant || host.endsWith(`.${meant}`));
  for (const near of hosts.flatMap((host) => lookAlikes(host))) {
    if (isMeant(near)) continue;
    const origins = [
      `https://${near}`,
      `http://${near}`,
      `https://${near}:8080`,
      `http://${near}:8080`,
    ];
    const accepted = origins.find((origin) => test(origin));
    if (accepted !== undefined) return accepted;
  }
  return undefined;
}

function lookAlikes(host: string): readonly string[] {
  const dots = [...host.matchAll(/\./g)].map(({ index }) => index);
  const withoutDot = dots.map((at) => `${host.slice(0, at)}x${host.slice(at + 1)}`);
  const names = [`evil${host}`, `${host}.evil.net`, ...withoutDot];
  return names.flatMap((name) => [name, `a.${name}`]);
}

/** The host names that stand in an expression letter by letter, whether or not their dots are escaped. */
export function literalHosts(source: string): readonly string[] {
  const literal = source
    // Classes and escapes stand for any character; `\.` `\/` `\-` for themselves.
    .replace(/\[(?:\\.|[^\]\\])*\]|\\(.)/gs, (_match, escaped: string | undefined) =>
      escaped !== undefined && './-'.includes(escaped) ? escaped : ' ',
    )
    // A quantifier makes what stands before it vary.
    .replace(/.(?:[*+?]|\{[0-9,]+\})+/gs, ' ')
    .replace(/[()|^$]/g, ' ')
    .toLowerCase();
  const hosts = literal.match(/[a-z0-9-]+(?:\.[a-z0-9-]+)+/g) ?? [];
  return [...new Set(hosts)];
}
