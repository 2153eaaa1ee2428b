-- Iterations for allocscope, marked by lines on the descriptor that ALLOCSCOPE_MARK_FD names: allocscope-preload(7).
-- Without that variable nothing is marked. With it, and nobody who reads, this fails.
local allocscope = {}

local function open_marks()
  local number = os.getenv("ALLOCSCOPE_MARK_FD")
  if not number or number == "" then
    return nil
  end
  local marks = assert(io.open("/dev/fd/" .. number, "a"))
  marks:setvbuf("no")
  return marks
end

local marks = open_marks()

-- What the line itself needs is made before it is written, and what it leaves is collected.
local function write(line)
  collectgarbage()
  if marks then
    marks:write(line)
  end
end

-- One iteration: BODY(...) with what it leaves to the collector collected. An error in BODY ends it, too.
function allocscope.iteration(name, body, ...)
  write("begin " .. name .. "\n")
  local ok, result = pcall(body, ...)
  write("end\n")
  if not ok then
    error(result, 0)
  end
  return result
end

-- At once; PATH may be absent.
function allocscope.snapshot(path)
  write("snapshot " .. (path or "") .. "\n")
end

return allocscope
