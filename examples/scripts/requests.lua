-- 50 requests, each answered by two functions. One of them remembers each answer, for good.
local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path
local allocscope = require("allocscope")

local REQUESTS = 50
local history = {}
for i = 1, REQUESTS do
  history[i] = false -- room, so that only answers are added
end

local function answer(size)
  return string.rep("x", size)
end

local function forgetful(i)
  return #answer(1000 + i)
end

local function remembering(i)
  history[i] = answer(1000)
end

for i = 1, REQUESTS do
  allocscope.iteration("forgetful", forgetful, i)
  allocscope.iteration("remembering", remembering, i)
end
print(#history .. " requests")
