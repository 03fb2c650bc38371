import { init, track } from './node_modules/@appizer/tracker/index.js';

init({ apiKey: 'YOUR_API_KEY' });
self.onmessage = ({ data }) => track(data.name, data.properties);
