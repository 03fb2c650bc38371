// The real tracker in jsdom, which has no IndexedDB, no TextEncoder and no fetch.
const console = globalThis.console;
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words.join(' '));

const { init, track, flush, stats, close } = require('@appizer/tracker');

test('the tracker works as far as jsdom allows, and complains of nothing', async () => {
  const early = track('before init');
  await init({ apiKey: 'YOUR_API_KEY', flushInterval: 0 });
  const id = track('signup', { plan: 'pro' });
  expect([typeof early, typeof id]).toEqual(['string', 'string']);
  expect(await flush()).toMatchObject({ delivered: 0, rejected: 0, queued: 2 });
  const { accepted, queued, storage } = await stats();
  expect({ accepted, queued, storage }).toEqual({ accepted: 2, queued: 2, storage: 'memory' });
  expect(complaints).toEqual([]);
});

test('events go to a fetch that the test brings', async () => {
  const sent = [];
  globalThis.fetch = async (url, { body }) => {
    const { events } = JSON.parse(body);
    sent.push(...events.map((event) => event.event_name));
    const answer = JSON.stringify({ success: true, processed_count: events.length });
    return { ok: true, status: 200, headers: new Map(), text: async () => answer };
  };
  const { createTracker } = require('@appizer/tracker');
  const tracker = createTracker({ apiKey: 'YOUR_API_KEY', flushInterval: 0, instance: 'other' });
  tracker.track('signup', { plan: 'pro' });
  await tracker.flush();
  expect(sent).toEqual(['signup']);
  await close();
  expect(complaints).toEqual([]);
});
