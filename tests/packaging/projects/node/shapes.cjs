// What the declarations say of each function's answer, asked of the stand-in for servers.
const assert = require('node:assert/strict');

exports.check = async (tracker) => {
  const options = { apiKey: 'key' };
  assert.equal(await tracker.init(options), undefined);
  assert.equal(tracker.track('signup', { plan: 'pro' }), null);
  assert.equal(tracker.page(), null);
  assert.equal(tracker.identify('u1'), undefined);
  for (const name of ['register', 'registerOnce', 'unregister', 'timeEvent', 'optOut', 'optIn']) {
    assert.equal(tracker[name]('plan'), undefined);
  }
  assert.equal(tracker.consent(), 'pending');
  assert.equal(tracker.hasOptedOut(), false);
  assert.deepEqual((await tracker.debug()).queued, []);
  assert.equal(tracker.reset(), undefined);
  assert.deepEqual(await tracker.flush(), { delivered: 0, rejected: 0, queued: 0 });
  assert.equal(tracker.on('delivered', () => {})(), undefined);
  const { accepted, queued, dropped, fallbacks } = await tracker.stats();
  assert.deepEqual({ accepted, queued, dropped, fallbacks }, { accepted: 0, queued: 0, dropped: {}, fallbacks: ['no_browser'] });
  assert.deepEqual(await tracker.deadLetters(), []);
  assert.equal(await tracker.resendDeadLetters(), 0);
  assert.equal(await tracker.discardDeadLetters(), 0);
  assert.equal(await tracker.close(), undefined);
  if (tracker.createTracker) await exports.check(tracker.createTracker(options));
};

// A page's module may ask for it while a server renders the page.
exports.checkAuto = ({ autocapture }, tracker) => assert.equal(autocapture(tracker)(), undefined);

exports.names = (module) => Object.keys(module).sort();
