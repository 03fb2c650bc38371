/** The relay of `cargo xtask demo --relay`: it and its buttons stand next door, on the page's port plus one and plus two. */
const isOn = new URLSearchParams(location.search).has('relay');
const next = (step) => `${location.protocol}//${location.hostname}:${Number(location.port) + step}`;
const control = next(2);

/** The tracker's options for where events go: without a key through the relay, else with one to the collector. */
export const destination = (direct) => (isOn ? { endpoint: `${next(1)}/v1/events/batch` } : direct);

/** Metrics that the panel shows, by the id of their place. */
const SHOWN = {
  'relay-spool': ['appizer_relay_spool_events', (events) => events],
  'relay-requests': ['appizer_relay_requests_last_minute', (requests) => `${requests} of 95`],
  'relay-oldest': ['appizer_relay_oldest_event_age_seconds', (seconds) => `${seconds.toFixed(1)} s`],
  'relay-forecast': ['appizer_relay_forecast_delay_seconds', (seconds) => `${seconds.toFixed(1)} s`],
};

const BUTTONS = { 'relay-kill': '/kill', 'relay-visitors': '/visitors/relay', 'direct-visitors': '/visitors/direct', 'relay-bad': '/bad-event' };

/** Shows the relay's panel, if there is a relay. `log` tells what the buttons did. */
export function showRelay(log) {
  if (!isOn) return;
  const $ = (id) => document.getElementById(id);
  $('relay').hidden = false;
  for (const [id, path] of Object.entries(BUTTONS)) {
    $(id).addEventListener('click', async ({ target }) => {
      const said = await fetch(control + path, { method: 'POST' }).then((reply) => reply.text(), String);
      log('relay', `${target.textContent}${said && `: ${said}`}`);
    });
  }
  setInterval(async () => {
    const text = await fetch(`${control}/metrics`).then((reply) => (reply.ok ? reply.text() : ''), () => '');
    $('relay-life').textContent = text ? 'alive' : 'dead';
    if (!text) return;
    for (const [id, [name, show]] of Object.entries(SHOWN)) $(id).textContent = show(valueOf(text, name));
    const [events, batches] = ['sum', 'count'].map((part) => valueOf(text, `appizer_relay_batch_events_${part}`));
    $('relay-fill').textContent = batches ? `${(events / batches).toFixed(1)} of 100` : '–';
  }, 500);
}

/** The value of the only site's metric of that name; 0 before there is one. */
const valueOf = (text, name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
