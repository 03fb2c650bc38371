// The core's answers as the page gets them: times as dates, events as objects.

/** Returns the answer of `stats` where no core has been asked: `queued` events are held, and nothing else has happened. */
export function statsWithoutCore(queued) {
  const nothing = { delivered: 0, handedOver: 0, rejected: 0, uncertain: 0, dropped: {}, inFlight: 0 };
  return { accepted: queued, queued, ...nothing, storage: 'memory', fallbacks: [] };
}

export function withDate(answer) {
  if (answer.until) answer.until = new Date(answer.until);
  return answer;
}

export function lettersOf(letters) {
  return letters.map(({ json, at, ...rest }) => ({ ...rest, ...eventOf(json), at: new Date(at) }));
}

/** A record that could not be read became a dead letter as it was: such a text may be no event. */
function eventOf(json) {
  try {
    return { event: JSON.parse(json) };
  } catch {
    return { text: json };
  }
}
