/** Returns how many of the four steps are done, and which is to be done now, if any, read off what can be seen. */
function progress({ fault, queued, inherited, finished }) {
  if (fault === null) return { done: 0 };
  if (finished) return { done: 4 };
  if (inherited > 0) return fault === 'none' ? { done: 3 } : { done: 3, next: 3 };
  if (fault !== 'down') return { done: 0, next: 0 };
  return queued > 0 ? { done: 2, next: 2 } : { done: 1, next: 1 };
}

/** The list of the trial's steps. */
export function createTrial(list, verdict) {
  /** The number of events that the page before had left in the queue when this page opened. */
  let inherited = 0;
  /** Stays after the last step, whatever is tracked then, until the collector is broken for the next trial. */
  let finished = false;

  function begin(found = 0) {
    inherited = found;
    finished = false;
  }

  return {
    begin,
    update({ fault, queued }) {
      if (finished && fault !== 'none') begin();
      finished ||= inherited > 0 && fault === 'none' && queued === 0;
      const { done, next } = progress({ fault, queued, inherited, finished });
      verdict.textContent = finished ? `All ${inherited} arrived.` : '';
      [...list.children].forEach((item, index) => {
        item.classList.toggle('done', index < done);
        if (index === next) item.setAttribute('aria-current', 'step');
        else item.removeAttribute('aria-current');
      });
    },
  };
}
