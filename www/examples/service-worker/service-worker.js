importScripts('node_modules/@appizer/tracker/appizer.js');

appizer.init({ apiKey: 'YOUR_API_KEY' });

// As with `push` and `notificationclick`: the browser may end the worker once the handler is done.
self.addEventListener('message', (event) => {
  appizer.track(event.data.name, event.data.properties);
  event.waitUntil(appizer.flush());
});
