// Loaded before the suite. The SDK names a client's loggers by the millisecond of its making, so two clients of the same
// millisecond share their log level, and the case "should not allow log levels across unique workers to be affected", which
// makes one in its hook and one in its test, fails by chance, without the server. So a test begins a moment after its hooks.
const Runnable = require(require.resolve('mocha/lib/runnable', { paths: [process.cwd()] }));

const { run } = Runnable.prototype;
Runnable.prototype.run = function (done) {
  if (this.type === 'test') setTimeout(() => run.call(this, done), 2);
  else run.call(this, done);
};
