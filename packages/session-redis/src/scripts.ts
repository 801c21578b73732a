/**
 * A session is one hash. Its fields are `=` and a key of the session, or one of our own:
 * `e` expiry in ms since 1970, `v` version, `u` user id, `m` the key it was renamed to. A tombstone has `t` alone.
 *
 * Every script touches one key, so each is one round trip and works on any cluster. Time comes from the caller
 * (ARGV[1]), because what a session's own expiry is compared with must be the clock that made it.
 */

const alive: string = `
local function alive()
  local e = redis.call('HGET', KEYS[1], 'e')
  return e and tonumber(e) > tonumber(ARGV[1])
end
local function moved()
  local m = redis.call('HGET', KEYS[1], 'm')
  return m and {'moved', m}
end
`;

/** Lua puts at most some 8 000 values on its stack, and a session may have more keys than that. */
const inPortions: string = `
local function inPortions(command, first, last)
  for from = first, last, 4000 do
    redis.call(command, KEYS[1], unpack(ARGV, from, math.min(from + 3999, last)))
  end
end
`;

/** Fields and values, or nothing. */
export const getScript: string = `${alive}
if alive() then return redis.call('HGETALL', KEYS[1]) end
return moved() or {}
`;

/** ARGV: now, lifetime in the store, `1` to overwrite, then fields and values. */
export const createScript: string = `${inPortions}
if ARGV[3] == '1' then redis.call('DEL', KEYS[1])
elseif redis.call('EXISTS', KEYS[1]) == 1 then return {'gone'} end
inPortions('HSET', 4, #ARGV)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok'}
`;

/**
 * ARGV: now, lifetime in the store or '', version expected or '', growth of the version, how many of the rest are fields
 * and values, then those, then fields to delete. Answers the user when the session now ends at another time.
 */
export const updateScript: string = `${alive}${inPortions}
if not alive() then return moved() or {'gone'} end
local before = redis.call('HGET', KEYS[1], 'e')
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'v') ~= ARGV[3] then return {'conflict'} end
local set = tonumber(ARGV[5])
inPortions('HSET', 6, 5 + set)
inPortions('HDEL', 6 + set, #ARGV)
if ARGV[4] ~= '0' then redis.call('HINCRBY', KEYS[1], 'v', ARGV[4]) end
if ARGV[2] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('HGET', KEYS[1], 'e') == before then return {'ok', ''} end
return {'ok', redis.call('HGET', KEYS[1], 'u') or ''}
`;

/** ARGV: now, how long the tombstone stands, the user that it must belong to or ''. Answers the user and where it moved. */
export const destroyScript: string = `
local user = redis.call('HGET', KEYS[1], 'u') or ''
if ARGV[3] ~= '' and user ~= ARGV[3] then return {} end
local moved = redis.call('HGET', KEYS[1], 'm') or ''
if redis.call('DEL', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 't', '1')
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {user, moved}
`;

/** ARGV: now, version expected, how long what is left stands, then the fields and values that are left. */
export const moveScript: string = `${alive}${inPortions}
if not alive() then return {'gone'} end
if redis.call('HGET', KEYS[1], 'v') ~= ARGV[2] then return {'conflict'} end
redis.call('DEL', KEYS[1])
inPortions('HSET', 4, #ARGV)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'ok'}
`;

/** ARGV: now, until when the entry stands, the session. Entries past their time go. */
export const indexScript: string = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(last[2])))
return {'ok'}
`;

/** ARGV: now. Answers the sessions that may be alive. */
export const listScript: string = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)
`;

/** ARGV: now, then sessions. */
export const unindexScript: string = `${inPortions}
inPortions('ZREM', 2, #ARGV)
return {'ok'}
`;
