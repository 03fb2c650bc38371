const KEPT = 60;

/** Newest first; identical neighbours are counted, not repeated. */
export function createLog(list) {
  return function log(kind, words) {
    const newest = list.firstElementChild;
    if (newest?.dataset.words === words) {
      const times = Number(newest.dataset.times ?? 1) + 1;
      newest.dataset.times = times;
      newest.querySelector('.times').textContent = `×${times}`;
      return;
    }
    const item = document.createElement('li');
    item.className = kind;
    item.dataset.words = words;
    const time = document.createElement('time');
    const now = new Date();
    time.dateTime = now.toISOString();
    time.textContent = now.toLocaleTimeString([], { hour12: false });
    const tag = document.createElement('b');
    tag.textContent = kind;
    const text = document.createElement('span');
    text.textContent = words;
    const times = document.createElement('small');
    times.className = 'times';
    item.append(time, ' ', tag, ' ', text, ' ', times);
    list.prepend(item);
    while (list.children.length > KEPT) list.lastElementChild.remove();
  };
}
