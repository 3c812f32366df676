-- The same request again and again, from the file that REQUEST names: method, path, headers, an empty line, body.
-- What wrk counted goes to the last line, for http.mjs.

local lines = {}
local file = assert(io.open(os.getenv("REQUEST"), "rb"))
local text = file:read("*a")
file:close()

local head, body = text:match("^(.-)\n\n(.*)$")
for line in head:gmatch("[^\n]+") do lines[#lines + 1] = line end
wrk.method, wrk.path = lines[1], lines[2]
for i = 3, #lines do
  local name, value = lines[i]:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end
if #body > 0 then wrk.body = body end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('\n{"requests":%d,"us":%d,"p50":%f,"p99":%f,"refused":%d,"broken":%d}',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
