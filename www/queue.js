const COLUMNS = 25;
const ROWS = 12;

/** A polygon over the first `count` dots, in reading order. Clipping draws 300 dots without 300 elements. */
function firstDots(count) {
  const shown = Math.min(count, COLUMNS * ROWS);
  const y = (Math.floor(shown / COLUMNS) / ROWS) * 100;
  const next = y + 100 / ROWS;
  const x = ((shown % COLUMNS) / COLUMNS) * 100;
  return `polygon(0 0, 100% 0, 100% ${y}%, ${x}% ${y}%, ${x}% ${next}%, 0 ${next}%)`;
}

export function renderQueue(root, overflow, { queued, inFlight }) {
  root.querySelector('.dots-queued').style.clipPath = firstDots(queued);
  root.querySelector('.dots-flying').style.clipPath = firstDots(Math.min(inFlight, queued));
  const more = queued - COLUMNS * ROWS;
  overflow.textContent = more > 0 ? `and ${more} more` : '';
}
