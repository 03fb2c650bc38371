// The stub that a page has before the script tag: it records calls until the file has loaded (script.js). Methods that answer
// later give a promise, all others nothing. Written in ES5: it stands in the page as it is.
(function () {
  var appizer = (window.appizer = window.appizer || { q: [] });
  function add(names, later) {
    names.split(' ').forEach(function (name) {
      appizer[name] = function () {
        var call = [Date.now(), name].concat([].slice.call(arguments));
        appizer.q.push(call);
        if (later) return new Promise(function (settle) { call.settle = settle; });
      };
    });
  }
  if (appizer.init) return;
  add('track page identify reset register registerOnce unregister timeEvent optOut optIn consent hasOptedOut on');
  add('init flush stats debug deadLetters resendDeadLetters discardDeadLetters close', true);
})();
