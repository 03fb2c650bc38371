import mixpanel from 'mixpanel-browser/src/loaders/loader-module-core';

const ready = new Promise((loaded) => {
  mixpanel.init('bench_key', { api_host: sink, loaded });
});

window.tracker = { ready, track: (name, properties) => mixpanel.track(name, properties) };
