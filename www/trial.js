/**
 * Returns how many of the four steps are done, and which is to be done now, if any, read off what can be seen. `inherited` is what
 * this page found in the queue when it opened: the work of the page before it.
 */
export function progress({ fault, queued, inherited }) {
  if (fault === null) return { done: 0 };
  if (inherited > 0 && fault !== 'none') return { done: 3, next: 3 };
  if (inherited > 0) return { done: queued === 0 ? 4 : 3 };
  if (fault !== 'down') return { done: 0, next: 0 };
  return queued > 0 ? { done: 2, next: 2 } : { done: 1, next: 1 };
}

export function renderTrial(list, verdict, { done, next }, inherited) {
  verdict.textContent = done === 4 ? `All ${inherited} arrived.` : '';
  [...list.children].forEach((item, index) => {
    item.classList.toggle('done', index < done);
    if (index === next) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  });
}
