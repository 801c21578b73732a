/**
 * Keeps the sessions of `@portcullis/session` in Redis or Valkey.
 *
 * @module
 */
export type { IoRedisClient, RedisClient } from './client.ts';
export { redisStore, type RedisStoreOptions } from './redis-store.ts';
