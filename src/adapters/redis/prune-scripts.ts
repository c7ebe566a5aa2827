/** Keys: volumes to prune. Arguments: member, score... Removes those whose score is still the same. */
export const STRIKE = `
local struck = 0
for i = 1, #ARGV, 2 do
  if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '-1') == tonumber(ARGV[i + 1]) then struck = struck + redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return struck`;

/** Keys: a hash. Arguments: field, value... Changes the fields that exist. */
export const PUT_KNOWN = `
local put = 0
for i = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    put = put + 1
  end
end
return put`;

/** Keys: brakes. Arguments: policy, revision, brake as JSON. 1, or 0 where the policy is braked in this revision already. */
export const BRAKE = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and cjson.decode(known).revision == ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;
