import { track } from '@appizer/tracker';

export default function About() {
  // A server component: the call is allowed, and does nothing.
  track('rendered_on_the_server');
  return <h1>About</h1>;
}
