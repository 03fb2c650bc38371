/** The queue's account out of `stats()`, with what is missing from it, which must be nothing. */
export function account(stats) {
  const dropped = Object.values(stats.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  const terms = [
    ['delivered', stats.delivered],
    ['waiting', stats.queued],
    ['handed over', stats.handedOver],
    ['refused by the collector', stats.rejected],
    ['uncertain', stats.uncertain],
    ['given up', dropped],
  ];
  const known = terms.reduce((sum, [, count]) => sum + count, 0);
  return {
    tracked: stats.accepted,
    // The first two always show, the others only where there is something to say.
    terms: terms.filter(([, count], index) => index < 2 || count > 0),
    refused: stats.refused,
    lost: stats.accepted - known,
    balanced: stats.accepted === known && dropped === 0,
  };
}

function term(word, count) {
  const span = document.createElement('span');
  span.className = `term ${word.replaceAll(' ', '-')}`;
  const small = document.createElement('small');
  small.textContent = word;
  const number = document.createElement('b');
  number.textContent = count;
  span.append(small, ' ', number);
  return span;
}

function sign(text) {
  const span = document.createElement('span');
  span.className = 'sign';
  span.textContent = text;
  return span;
}

/** Reads as one sentence: `tracked 255 = delivered 250 + waiting 5, refused 1, lost 0`. */
export function renderAccount(element, bar, { tracked, terms, refused, lost, balanced }) {
  const sum = terms.flatMap(([word, count], index) => [index ? ' ' : '', index ? sign('+') : '', index ? ' ' : '', term(word, count)]);
  const aside = document.createElement('span');
  aside.className = 'aside';
  const comma = sign(',');
  comma.classList.add('visually-hidden');
  aside.append(term('refused', refused), comma, ' ', term('lost', lost));
  const before = comma.cloneNode(true);
  element.replaceChildren(term('tracked', tracked), ' ', sign('='), ' ', ...sum, before, ' ', aside);
  element.dataset.ok = balanced;

  const waiting = terms[1][1];
  bar.querySelector('.share-delivered').style.flexGrow = tracked - waiting;
  bar.querySelector('.share-waiting').style.flexGrow = waiting;
}
