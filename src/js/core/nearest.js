// The name that a misspelt one was meant to be.

/** Names that people give the key; without case. */
const OF_THE_KEY = ['key', 'token', 'writekey', 'projectkey'];

/** Returns the name of `names` that is nearest to `name`, if one is near: case, or one letter in three, two at most, differ. */
export function nearest(name, names) {
  const lower = name.toLowerCase();
  if (OF_THE_KEY.includes(lower)) return 'apiKey';
  const most = Math.min(2, Math.floor(name.length / 3));
  const near = names.map((known) => [known, distance(lower, known.toLowerCase())]).filter(([, far]) => far <= most);
  return near.sort(([, one], [, other]) => one - other)[0]?.[0];
}

/** Returns how many letters to add, remove or change. */
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, place) => place);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let place = 1; place <= to.length; place++) {
      const changed = row[place - 1] + (from[line - 1] === to[place - 1] ? 0 : 1);
      next.push(Math.min(changed, row[place] + 1, next[place - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
