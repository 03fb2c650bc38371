// What every tracker is measured by, itself the same for all of them. The page's address says where events go
// (`sink`) and what the tracker is given besides (`settings`).

const place = new URLSearchParams(location.search);
window.sink = place.get('sink');
window.settings = JSON.parse(place.get('settings') ?? '{}');

/** Tasks of 50 ms and more, as the browser lists them: when they began, how long they took. */
const longTasks = [];
new PerformanceObserver((list) => {
  longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration })));
}).observe({ type: 'longtask' });

/** Memory of WebAssembly, which the heap's figure leaves out. */
const memories = new Set();
const remember = (instance) =>
  Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory).forEach((memory) => memories.add(memory));
for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const result = await original.apply(WebAssembly, given);
    remember(result.instance ?? result);
    return result;
  };
}
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(original, given) {
    const instance = new original(...given);
    remember(instance);
    return instance;
  },
});
window.wasmBytes = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

/** What wakes the page up: timers by the page's scripts, and what they ask the network for. */
const woken = { timers: 0, requests: 0 };
window.wakeUps = () => ({ ...woken });
for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback']) {
  const original = window[name];
  window[name] = (callback, ...rest) =>
    original.call(window, (...given) => {
      woken.timers += 1;
      return typeof callback === 'function' ? callback(...given) : undefined;
    }, ...rest);
}
const fetching = window.fetch;
window.fetch = (...given) => {
  woken.requests += 1;
  return fetching.apply(window, given);
};

/**
 * Loads a tracker into the page. Returns the milliseconds until `track` can be called and until the tracker says it is ready, and
 * those for which its start blocks the page, where the tracker's entry measures it.
 */
window.load = async (name) => {
  const begun = performance.now();
  await import(`/trackers/${name}/${name}.js`);
  const callable = performance.now() - begun;
  await tracker.ready;
  return { callable, ready: performance.now() - begun, blocked: tracker.blocked ?? null };
};

/** What the tracker loaded, in the order in which it came. */
window.loaded = () =>
  performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => !name.endsWith('/harness.js'));

/** Ten small properties. The first is what the sink knows the event by. */
const properties = (run, n) => ({
  step: `zq${run}x${n}qz`, plan: 'pro', price: 19.9, currency: 'EUR', quantity: 2,
  item: 'Blue shirt', category: 'shirts', page: '/cart', coupon: false, position: n % 7,
});

/** Tracks `count` events in one task; microseconds a call, and when it began, in milliseconds since 1970. */
window.burst = (run, from, count) =>
  new Promise((done) => {
    let given = Array.from({ length: count }, (_, n) => properties(run, from + n));
    setTimeout(() => {
      const begun = performance.now();
      for (const event of given) tracker.track('bench_event', event);
      const took = performance.now() - begun;
      given = null;
      done({ micros: (took * 1000) / count, begun, at: performance.timeOrigin + begun });
    });
  });

/** The longest task that began after `begun`; 0 if none took 50 ms. */
window.longestTask = (begun) =>
  Math.max(0, ...longTasks.filter(({ startTime }) => startTime > begun).map(({ duration }) => duration));
