// webpack 4 by its own interface: the command line that is installed is webpack 5's.
const webpack = require('webpack-4');

const options = {
  mode: 'production',
  context: __dirname,
  entry: `./${process.argv[2]}`,
  output: { path: `${__dirname}/dist`, filename: 'main.js' },
  performance: { hints: false },
};
webpack(options, (error, stats) => {
  console.log(error ?? stats.toString('errors-warnings'));
  process.exitCode = error || stats.hasErrors() || stats.hasWarnings() ? 1 : 0;
});
