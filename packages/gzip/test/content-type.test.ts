import { describe, expect, test } from '@jest/globals';
import { createClassify } from '../src/content-type.ts';
import { isCompressibleType } from '../src/index.ts';

describe('isCompressibleType', () => {
  test.each([
    'text/html',
    'text/html; charset=utf-8',
    'TEXT/HTML ; charset=UTF-8',
    'text/event-stream',
    'text/anything-new',
    'application/json',
    'Application/JSON',
    'application/problem+json',
    'application/vnd.api+json; profile="x"',
    'application/rss+xml',
    'application/javascript',
    'application/wasm',
    'application/x-ndjson',
    'application/octet-stream',
    'image/svg+xml',
    'image/x-icon',
    'font/ttf',
    'font/otf',
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc-web-text',
  ])('compresses %s', (type) => {
    expect(isCompressibleType(type)).toBe(true);
  });

  test.each([
    '',
    ';',
    'html',
    'image/png',
    'image/jpeg',
    'image/webp',
    'video/mp4',
    'audio/mpeg',
    'font/woff',
    'font/woff2',
    'application/zip',
    'application/gzip',
    'application/pdf',
    'application/grpc',
    'application/grpc+json',
    'application/grpc-websocket',
    'multipart/byteranges; boundary=x',
    'multipart/form-data',
    'application/jsonx',
  ])('leaves %s alone', (type) => {
    expect(isCompressibleType(type)).toBe(false);
  });
});

describe('createClassify', () => {
  test.each([
    ['text/event-stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['text/event-streamfoo', false],
    ['application/x-ndjson', true],
    ['application/grpc-web+proto', true],
    ['multipart/x-mixed-replace; boundary=x', true],
    ['application/json', false],
  ])('knows whether %s is a sequence of messages', (type, messages) => {
    expect(createClassify([])(type).messages).toBe(messages);
  });

  test('excludes types by name and by group, in any case', () => {
    const classify = createClassify(['Text/CSV', 'image/*']);
    expect(classify('text/csv; header=present').excluded).toBe(true);
    expect(classify('image/svg+xml').excluded).toBe(true);
    expect(classify('text/html').excluded).toBe(false);
    expect(classify('imagery').excluded).toBe(false);
  });

  test('remembers a bounded number of values and answers beyond it', () => {
    const classify = createClassify([]);
    const first = classify('text/x-0');
    for (let i = 0; i < 1000; i++) classify(`text/x-${i}`);
    expect(classify('text/x-0')).toBe(first);
    expect(classify('text/x-999')).not.toBe(classify('text/x-999'));
    expect(classify('text/x-999').compressible).toBe(true);
  });
});
