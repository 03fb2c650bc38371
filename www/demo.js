import { init, track, flush, on, stats } from '/pkg/index.js';
import * as collector from './collector.js';
import { account, renderAccount } from './account.js';
import { BARS, ROWS, renderEvents, renderStrip } from './holdings.js';
import { createLog } from './log.js';
import { renderQueue } from './queue.js';
import { beginRun, heldOfRun, isRunOf, notePage, ofRun } from './run.js';
import { destination, showRelay } from './relay.js';
import { createTrial } from './trial.js';
import { createState, createWire } from './wire.js';

const $ = (id) => document.getElementById(id);
const plural = (count, word = 'event') => `${count} ${word}${count === 1 ? '' : 's'}`;

const log = createLog($('log'));
const wire = createWire(document.querySelector('.wire'));
const state = createState($('state'));
const trial = createTrial($('trial'), $('verdict'));

/** The collector's switch, as far as known. */
let fault = null;
/** The collector's last summary. */
let held = null;
/** Events known to be delivered. */
let delivered = 0;

// --- The tracker ---------------------------------------------------------------------------------

on('delivered', ({ count }) => {
  log('delivered', `${plural(count)} confirmed by the collector.`);
  wire.delivered(count);
  refresh();
});
on('retry', ({ attempt, delay, status, message }) => {
  const why = status ? `the collector answered ${status}` : message || 'no reply';
  log('retry', `Attempt ${attempt} failed: ${why}. The batch stays queued; next try in ${(delay / 1000).toFixed(1)} s.`);
  wire.bounced(status);
  refresh();
});
on('rejected', ({ code, message }) => log('refused', `${code}: ${message}`));
on('dropped', ({ reason, count }) => log('dropped', `${plural(count)} given up: ${reason}.`));
on('paused', ({ reason, status }) => log('paused', `${reason}${status ? ` (${status})` : ''}: events stay queued.`));
on('degraded', ({ message }) => log('degraded', message));
notePage();

init({ ...destination({ apiKey: 'demo_key', endpoint: collector.endpoint }), flushInterval: 1000 })
  .then(async () => {
    const { queued } = await stats();
    trial.begin(queued);
    if (queued) log('found', `${plural(queued)} already in the queue when this page opened.`);
    refresh();
  })
  .catch((error) => {
    $('no-start').textContent = `The tracker did not start: ${error.message}`;
    $('no-start').hidden = false;
  });

// --- The buttons ---------------------------------------------------------------------------------

let clicks = 0;

const FAULTY = [
  () => track('', { position: 3 }),
  () => track('order_placed', { position: 3, total: 10n }),
];

function answer(words) {
  $('answer').textContent = words;
  refresh();
}

$('track-one').addEventListener('click', () => {
  const id = track('button_clicked', { click: ++clicks });
  answer(id ? 'One queued.' : 'Refused.');
});

$('track-many').addEventListener('click', () => {
  let queued = 0;
  for (let item = 1; item <= 250; item++) {
    if (track('item_viewed', { item })) queued++;
  }
  answer(`${queued} queued, in one go.`);
});

$('track-faulty').addEventListener('click', () => {
  const broken = FAULTY[0];
  FAULTY.reverse();
  const reasons = [];
  const off = on('rejected', ({ message }) => reasons.push(message));
  const ids = [1, 2, 3, 4, 5].map((position) => (position === 3 ? broken() : track('order_placed', { position })));
  const queued = ids.filter(Boolean).length;
  // The notice may come a little after `track` returns.
  setTimeout(() => {
    off();
    answer(`${queued} queued, ${ids.length - queued} refused: ${reasons.join('; ') || 'see the notices'}`);
  }, 60);
});

$('flush').addEventListener('click', async () => {
  answer('Flushing.');
  const { delivered, queued, waiting, until } = await flush();
  const rest = until ? `until ${until.toLocaleTimeString([], { hour12: false })}` : 'for the next round';
  answer(queued ? `${delivered} delivered, ${queued} wait ${rest} (${waiting ?? 'interval'}).` : `${delivered} delivered, none wait.`);
});

$('start-over').addEventListener('click', async () => {
  const [now, summary] = [await stats(), await collector.summary().catch(() => null)];
  if (!summary) return answer('The collector cannot be reached.');
  beginRun(now, summary);
  trial.begin();
  held = null;
  answer('Page and collector count from here.');
});

$('reload').addEventListener('click', () => location.reload());

// --- The collector's switch ----------------------------------------------------------------------

function showFault(name) {
  fault = name;
  for (const input of document.getElementsByName('fault')) input.checked = input.value === name;
  $('faults').dataset.fault = name ?? 'other';
}

const SWITCHED = {
  none: 'Healthy: the collector accepts.',
  down: 'Down: no reply from the collector.',
  429: '429: too many requests, come back in 5 s.',
  500: '500: error of the collector.',
};

$('faults').addEventListener('change', async ({ target }) => {
  const before = fault;
  try {
    showFault(target.value);
    await collector.setFault(target.value);
    log('switch', SWITCHED[target.value]);
  } catch {
    showFault(before);
  }
  refresh();
});

// --- The picture ---------------------------------------------------------------------------------

async function showTracker() {
  const all = await stats();
  delivered = all.delivered;
  const now = ofRun(all);
  $('queued').value = now.queued;
  $('delivered').value = now.delivered + now.handedOver;
  renderAccount($('account'), document.querySelector('.share'), account(now));
  renderQueue(document.querySelector('.dots'), $('overflow'), now);
  wire.park(now.queued);
  state.update(now);
  trial.update({ fault, queued: now.queued });
}

async function showCollector() {
  try {
    // Taken before asking: what is delivered meanwhile would look missing.
    const expected = delivered;
    const present = await collector.summary();
    if (!isRunOf(present)) beginRun(await stats(), present);
    const run = heldOfRun(present);
    if ($('faults').disabled) {
      showFault(await collector.fault());
      $('faults').disabled = false;
    }
    const changed = !held || present.events !== held.events || present.requests !== held.requests;
    $('collected').value = run.events;
    $('distinct').textContent = run.distinct_event_ids;
    $('repeats').textContent = run.events - run.distinct_event_ids;
    $('requests').textContent = run.requests;
    showCheck(expected - present.distinct_event_ids);
    if (changed) {
      const [events, requests] = await Promise.all([collector.latestEvents(ROWS), collector.latestRequests(BARS)]);
      renderEvents($('events'), events);
      renderStrip($('strip'), requests);
    }
    held = present;
    $('no-collector').hidden = true;
  } catch {
    $('no-collector').hidden = false;
    // It may come back with another state of its switch, or another database.
    $('faults').disabled = true;
    $('check').textContent = '';
    held = null;
  }
}

/** The tracker's account is its own word; this is the collector's. */
function showCheck(missing) {
  $('check').dataset.ok = missing <= 0;
  $('check').textContent = missing <= 0
    ? '✓ Every delivered event is here.'
    : `${missing} fewer than this browser delivered. Is its database a new one?`;
}

/** One at a time: a call while it runs asks for one more. */
function coalesced(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } finally {
      running = false;
    }
  };
}

const refreshTracker = coalesced(showTracker);
const refreshCollector = coalesced(showCollector);

function refresh() {
  refreshTracker();
  refreshCollector();
}

function refreshIfSeen() {
  if (!document.hidden) refresh();
}

showRelay(log);
$('collector-address').textContent = collector.address;
renderEvents($('events'), []);
refresh();
setInterval(refreshIfSeen, 500);
document.addEventListener('visibilitychange', refreshIfSeen);
