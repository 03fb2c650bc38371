const assert = require('node:assert/strict');
const shapes = require('./shapes.cjs');

(async () => {
  assert.match(require.resolve('@appizer/tracker'), /server\.cjs$/);
  const real = { '': 'index.cjs', '/slim': 'slim.cjs' };
  for (const [entry, file] of Object.entries(real)) {
    const tracker = require(`@appizer/tracker${entry}`);
    await shapes.check(tracker);
    assert.deepEqual(shapes.names(tracker), shapes.names(require(`./node_modules/@appizer/tracker/${file}`)));
  }
  shapes.checkAuto(require('@appizer/tracker/auto'), require('@appizer/tracker'));
  console.log('as it should be');
})();
