// Loaded before the suite. The SDK names a client's loggers by the millisecond of its making, so two clients of the same
// millisecond share their log level, and on a fast machine the case "should not allow log levels across unique workers to
// be affected" fails by chance, without the server. So no two `new Date()` are of the same millisecond: the later one waits.
let last = 0;

function wait() {
  while (Date.now() === last);
  last = Date.now();
}

globalThis.Date = new Proxy(Date, {
  construct(target, args) {
    if (!args.length) wait();
    return new target(...args);
  },
});
