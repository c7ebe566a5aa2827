/**
 * The steps of the ledger that have to be whole. Each takes its keys and arguments in the order named; all keys share a
 * slot. A run is stored as `<revision> <phase letter><outcome letter> <JSON>`, so that a script can compare and count
 * without reading the JSON.
 */

/** Keys: policy. Arguments: schedule key, instant. Moves the watermark forward under the same schedule: 1, else 0. */
export const ADVANCE_WATERMARK = `
local state = redis.call('HMGET', KEYS[1], 'schedule', 'watermark')
if state[1] ~= ARGV[1] or tonumber(state[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'watermark', ARGV[2])
return 1`;

/** Keys: policy. Arguments: schedule key, watermark, and when it was rebuilt or nothing. Starts the record: 1, 0 where there is one. */
export const START_POLICY = `
if redis.call('HSETNX', KEYS[1], 'watermark', ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'schedule', ARGV[1])
if ARGV[3] then redis.call('HSET', KEYS[1], 'rebuilt', ARGV[3]) end
return 1`;

/** Keys: policy. Arguments: old schedule key, new one, watermark. 1, or 0 where the schedule is no longer the old one. */
export const CHANGE_SCHEDULE = `
if redis.call('HGET', KEYS[1], 'schedule') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'schedule', ARGV[2], 'watermark', ARGV[3])
return 1`;

/** Keys: any. The id of the server's process; empty where it may not be asked. */
export const STORE_ID = `
local info = redis.pcall('INFO', 'server')
if type(info) ~= 'string' then return '' end
return string.match(info, 'run_id:(%w+)') or ''`;

/** Keys: a lease or hold. Arguments: holder, milliseconds. Takes it where it is free, renews one's own; returns who holds it. */
export const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

/** Keys: a lease or hold. Arguments: holder. Lets go only of one's own. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Keys: a hash. Arguments: field. Takes the field out of it and returns what it held. */
export const TAKE_FIELD = `
local value = redis.call('HGET', KEYS[1], ARGV[1])
if value then redis.call('HDEL', KEYS[1], ARGV[1]) end
return value`;

const openIfNew = `
local function open_if_new(fields)
  if redis.call('EXISTS', KEYS[1]) == 1 then return false end
  redis.call('HSET', KEYS[1], unpack(ARGV, fields))
  for i = 2, 4 do redis.call('ZADD', KEYS[i], ARGV[2], ARGV[1]) end
  return true
end`;

/** Keys: firing, open, history, history of the policy. Arguments: firing id, due, then field, value... of a new firing. */
export const OPEN_FIRING = `${openIfNew}
open_if_new(3)
return redis.call('HGETALL', KEYS[1])`;

/** Keys: as OPEN_FIRING, requests. Arguments: firing id, due, request, then field, value... 1, or 0 where there is such a firing. */
export const REQUEST_FIRING = `${openIfNew}
if not open_if_new(4) then return 0 end
redis.call('HSET', KEYS[5], ARGV[1], ARGV[3])
return 1`;

/** Keys: runs of a firing. Arguments: field, value... Adds those that are not there. */
export const ADD_RUNS = `
local added = 0
for i = 1, #ARGV, 2 do added = added + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
return added`;

/** Ended firings that nobody has asked for are kept up to this many, the newest. */
const MAX_ENDED = 10_000;

const finishIfEnded = `
local function finish_if_ended(firing, open, done, id, now)
  local c = redis.call('HMGET', firing, 'total', 'available', 'failed', 'skipped', 'abandoned', 'finished')
  if not c[1] or c[6] then return 0 end
  local ended = tonumber(c[2] or 0) + tonumber(c[3] or 0) + tonumber(c[4] or 0) + tonumber(c[5] or 0)
  if ended < tonumber(c[1]) then return 0 end
  redis.call('HSET', firing, 'finished', now)
  redis.call('ZREM', open, id)
  redis.call('ZADD', done, now, id)
  redis.call('ZREMRANGEBYRANK', done, 0, -${MAX_ENDED + 1})
  return 1
end`;

const markGood = `
local function mark_good(good, dated, volume, at)
  local known = redis.call('HGET', good, volume)
  if known and tonumber(known) >= tonumber(at) then return end
  redis.call('HSET', good, volume, at)
  redis.call('ZADD', dated, 'XX', at, volume)
end`;

/** Keys: firing, runs, open, ended. Arguments: firing id, now. Fixes the number of runs, and finishes a firing whose runs have all ended. */
export const CLOSE_FIRING = `${finishIfEnded}
redis.call('HSETNX', KEYS[1], 'total', redis.call('HLEN', KEYS[2]))
finish_if_ended(KEYS[1], KEYS[3], KEYS[4], ARGV[1], ARGV[2])
return redis.call('HGETALL', KEYS[1])`;

/**
 * Keys: firing, runs, open, watched, ended, hold of the volume, good, dated. Arguments: firing id, now, field, run id, expected
 * revision, phase letter, outcome letter, JSON, volume id, when its good snapshot was made or nothing. A run that has ended
 * lets go of a hold of its own. Nil where the revision is another; else the new revision, whether the firing is finished by
 * this, and the firing where it is.
 */
export const SAVE_RUN = `${finishIfEnded}${markGood}
local current = redis.call('HGET', KEYS[2], ARGV[3])
if not current then return nil end
local revision, phase, outcome = string.match(current, '^(%d+) (%a)(%a) ')
if revision ~= ARGV[5] then return nil end
revision = tonumber(revision) + 1
redis.call('HSET', KEYS[2], ARGV[3], revision .. ' ' .. ARGV[6] .. ARGV[7] .. ' ' .. ARGV[8])
if phase ~= 'c' and ARGV[6] == 'c' then redis.call('ZADD', KEYS[4], ARGV[2], ARGV[4]) end
if phase == 'c' and ARGV[6] ~= 'c' then redis.call('ZREM', KEYS[4], ARGV[4]) end
if ARGV[10] then mark_good(KEYS[7], KEYS[8], ARGV[9], ARGV[10]) end
if ARGV[6] == 'e' and redis.call('GET', KEYS[6]) == ARGV[4] then redis.call('DEL', KEYS[6]) end
local was, is = phase == 'c' and outcome == 'p', ARGV[6] == 'c' and ARGV[7] == 'p'
if was ~= is then redis.call('HINCRBY', KEYS[1], 'creating', is and 1 or -1) end
if outcome ~= ARGV[7] then
  local names = { a = 'available', f = 'failed', s = 'skipped', b = 'abandoned' }
  if names[outcome] then redis.call('HINCRBY', KEYS[1], names[outcome], -1) end
  if names[ARGV[7]] then redis.call('HINCRBY', KEYS[1], names[ARGV[7]], 1) end
end
if finish_if_ended(KEYS[1], KEYS[3], KEYS[5], ARGV[1], ARGV[2]) == 1 then return { revision, 1, redis.call('HGETALL', KEYS[1]) } end
return { revision, 0 }`;

/** Keys: good, dated. Arguments: volume id, instant. Never moves back. A volume that is not covered is not dated. */
export const MARK_GOOD = `${markGood}
mark_good(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
return 1`;

/** Keys: seen, good, dated. Arguments: instant, volume id... Notes each as covered, seen at the instant where it was not before. */
export const COVER = `
for i = 2, #ARGV do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[1])
  redis.call('ZADD', KEYS[3], redis.call('HGET', KEYS[2], ARGV[i]) or redis.call('HGET', KEYS[1], ARGV[i]), ARGV[i])
end
return 1`;

/** Keys: seen, good, dated. Arguments: volume id... Forgets them. */
export const UNCOVER = `
redis.call('HDEL', KEYS[1], unpack(ARGV))
redis.call('HDEL', KEYS[2], unpack(ARGV))
return redis.call('ZREM', KEYS[3], unpack(ARGV))`;

/**
 * Keys: policy, history of the policy, dated, of one policy after the other. Arguments: an instant for each. Of each: watermark,
 * schedule key, newest due time, volumes, how many are dated at or before the instant, the oldest date. The work
 * grows with the policies, not with their volumes.
 */
export const STANDINGS = `
local all = {}
for i = 1, #ARGV do
  local policy, history, dated = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local state = redis.call('HMGET', policy, 'watermark', 'schedule')
  local newest = redis.call('ZREVRANGE', history, 0, 0, 'WITHSCORES')
  local oldest = redis.call('ZRANGE', dated, 0, 0, 'WITHSCORES')
  all[i] = { state[1], state[2], newest[2] or false, redis.call('ZCARD', dated), redis.call('ZCOUNT', dated, '-inf', ARGV[i]), oldest[2] or false }
end
return all`;
