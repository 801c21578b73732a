/** What a Content-Type says about compressing the body. */
export interface TypeFacts {
  /** Compression usually makes such a body smaller. */
  readonly compressible: boolean;
  /** Listed by the user as never to compress. */
  readonly excluded: boolean;
  /** A sequence of messages that the reader wants one by one, so each is flushed. */
  readonly messages: boolean;
}

export type Classify = (contentType: string) => TypeFacts;

// Own table because the usual database weighs 240 KB and takes 10 ms to load; text/* and the
// structured suffixes below cover most of what it lists.
const compressibleTypes: ReadonlySet<string> = new Set(
  [
    'dart ecmascript graphql javascript json json-seq json5 jsonl ndjson node octet-stream',
    'postscript rtf sql tar toml typescript vnd.dart vnd.ms-fontobject vnd.ms-opentype',
    'vnd.google-earth.kml vnd.msgpack msgpack wasm x-font-ttf x-httpd-php',
    'x-javascript x-jsonlines x-msgpack x-ndjson x-ns-proxy-autoconfig x-perl x-protobuf protobuf',
    'x-sh x-tar x-typescript x-www-form-urlencoded x-yaml xml xml-dtd yaml',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `application/${name}`)
    .concat([
      'font/otf',
      'font/ttf',
      'font/collection',
      'image/bmp',
      'image/vnd.adobe.photoshop',
      'image/vnd.microsoft.icon',
      'image/vnd.ms-dds',
      'image/x-icon',
      'image/x-ms-bmp',
      'message/rfc822',
      'model/gltf-binary',
      'model/obj',
      'x-shader/x-fragment',
      'x-shader/x-vertex',
    ]),
);

const messageTypes: ReadonlySet<string> = new Set([
  'text/event-stream',
  'application/json-seq',
  'application/jsonl',
  'application/ndjson',
  'application/stream+json',
  'application/x-jsonlines',
  'application/x-ndjson',
  'multipart/x-mixed-replace',
]);

const maximumRemembered = 256;

/** Tells whether the default filter compresses a Content-Type value. */
export function isCompressibleType(contentType: string): boolean {
  return isCompressible(essenceOf(contentType));
}

/** Reads Content-Type values, with a bounded memory; `excluded` lists `type/subtype` or `type/*`. */
export function createClassify(excluded: readonly string[]): Classify {
  const exact = new Set(excluded.map((type) => type.toLowerCase()));
  const remembered = new Map<string, TypeFacts>();
  return function classify(contentType) {
    const known = remembered.get(contentType);
    if (known !== undefined) return known;
    const essence = essenceOf(contentType);
    const facts = {
      compressible: isCompressible(essence),
      excluded: exact.has(essence) || exact.has(`${essence.slice(0, essence.indexOf('/'))}/*`),
      messages: messageTypes.has(essence) || isGrpcWeb(essence),
    };
    // A handler that echoes client input into the type must not grow this without end.
    if (remembered.size < maximumRemembered) remembered.set(contentType, facts);
    return facts;
  };
}

function isCompressible(essence: string): boolean {
  // gRPC compresses its own messages; grpc-web goes through browsers, which expect HTTP's codings.
  if (essence.startsWith('application/grpc')) return isGrpcWeb(essence);
  return (
    essence.startsWith('text/') ||
    /\+(?:json|xml|yaml|text|json-seq)$/.test(essence) ||
    compressibleTypes.has(essence)
  );
}

function isGrpcWeb(essence: string): boolean {
  return /^application\/grpc-web(?:-text)?(?:\+|$)/.test(essence);
}

function essenceOf(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
