const still = matchMedia('(prefers-reduced-motion: reduce)');
const BATCH = 100;

/** The lanes between page and collector: batches that wait at the left end, fly across, or bounce. */
export function createWire(root) {
  const lanes = [...root.querySelectorAll('.lane')];
  const parked = lanes.map((lane) => {
    const packet = document.createElement('span');
    packet.className = 'packet parked';
    packet.hidden = true;
    lane.append(packet);
    return packet;
  });
  let turn = 0;

  function fly(lane, label, kind, path) {
    const packet = document.createElement('span');
    packet.className = `packet ${kind}`;
    packet.textContent = label;
    lane.append(packet);
    const end = lane.clientWidth - packet.offsetWidth;
    const frames = still.matches
      ? [{ opacity: 1, transform: `translateX(${path.at(-1) * end}px)` }, { opacity: 0, transform: `translateX(${path.at(-1) * end}px)` }]
      : path.map((part, index) => ({
          transform: `translateX(${part * end}px)`,
          opacity: index === path.length - 1 ? 0 : 1,
          ...(index === path.length - 2 && index > 0 ? { easing: 'ease-in' } : {}),
        }));
    packet.animate(frames, { duration: 1500, easing: 'cubic-bezier(.45,.05,.35,1)', fill: 'forwards' }).finished.finally(() => packet.remove());
  }

  return {
    delivered: (count) => fly(lanes[turn++ % lanes.length], String(count), 'arrived', [0, 1, 1]),
    // It is the oldest batch that was sent, and it comes back beside its parked packet, not over it.
    bounced: (status) => fly(lanes[0], status ? String(status) : 'no reply', 'bounced', [0, 0.75, 0.22, 0.22]),
    park(queued) {
      parked.forEach((packet, index) => {
        const count = Math.min(BATCH, queued - index * BATCH);
        packet.hidden = count <= 0;
        packet.textContent = count;
      });
    },
  };
}

const REASONS = {
  not_initialized: 'The tracker is not started.',
  opening: 'Opening the queue.',
  interval: 'The next batch is gathering.',
  request: 'On the way.',
  offline: 'This browser is offline. The queue keeps everything.',
  closed: 'The tracker is closed. The next page sends the rest.',
};

/** Waits shorter than this pass before they can be read. */
const SHORT = 2000;

/** Why there is a countdown, by what `stats().waiting` says. */
const CAUSES = {
  backoff: answerOf,
  paused: answerOf,
  limit: () => 'The limit of requests a minute is reached.',
  interval: () => 'Batches gather longer after a 429.',
};

function answerOf(status) {
  return status ? `The collector answered ${status}.` : 'No reply from the collector.';
}

/** The line below the lanes: what the tracker waits for, and for how long. */
export function createState(root) {
  const text = root.querySelector('p');
  const bar = root.querySelector('.countdown i');
  let until = 0;
  let from = 0;
  let words = '';

  function show(kind, words, part = 0) {
    root.dataset.kind = kind;
    if (text.textContent !== words) text.textContent = words;
    bar.style.transform = `scaleX(${part})`;
  }

  function tick() {
    const left = until - Date.now();
    if (left <= 0) return;
    show('backoff', `${words} Next try in ${(left / 1000).toFixed(1)} s.`, left / (until - from));
    setTimeout(tick, 100);
  }

  return {
    update(stats) {
      const time = stats.until ? Number(stats.until) : 0;
      const cause = CAUSES[stats.waiting];
      const ticking = until > Date.now();
      if (cause && time > Date.now() + (ticking ? 0 : SHORT)) {
        if (time !== until) from = Date.now();
        until = time;
        words = cause(stats.lastError?.status);
        if (!ticking) tick();
        return;
      }
      until = 0;
      if (stats.inFlight > 0) show('flying', `${stats.inFlight} on the way.`);
      else if (stats.queued > 0) show('gathering', REASONS[stats.waiting] ?? 'The next try is due.');
      else show('idle', 'Nothing on the way.');
    },
  };
}
