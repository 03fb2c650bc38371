/**
 * Which of the four steps comes next, 0 to 4, read off what can be seen. `inherited` is what this page found in
 * the queue when it opened: the work of the page before it.
 */
export function nextStep({ fault, queued, inherited }) {
  if (inherited > 0) return fault === 'none' && queued === 0 ? 4 : 3;
  if (fault !== 'down') return 0;
  return queued > 0 ? 2 : 1;
}

export function renderTrial(list, verdict, step, inherited) {
  verdict.textContent = step === 4 ? `All ${inherited} arrived.` : '';
  [...list.children].forEach((item, index) => {
    item.classList.toggle('done', index < step);
    if (index === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  });
}
