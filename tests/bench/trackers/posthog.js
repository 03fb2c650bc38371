import posthog from 'posthog-js';

const ready = new Promise((loaded) => {
  posthog.init('bench_key', {
    api_host: sink,
    // Its own limit is ten events a second: lifted as ours is.
    rate_limiting: { events_per_second: 1e9, events_burst_limit: 1e9 },
    // It takes a browser under a driver for a robot and says nothing.
    opt_out_useragent_filter: true,
    // No scripts from elsewhere, and no features but events.
    disable_external_dependency_loading: true,
    advanced_disable_flags: true,
    autocapture: false,
    capture_pageview: false,
    capture_pageleave: false,
    loaded,
  });
});

window.tracker = { ready, track: (name, properties) => posthog.capture(name, properties) };
