// The direction of imports: renderer → app/contract → proxy/model, main → app/contract, app → proxy.
// scripts/check-layers.mjs applies these rules to the source, and to test/fixtures/layers, which breaks each of them.

const tests = '\\.test\\.tsx?$';
const packages = 'node_modules';

/** A rule against imports of files, not packages, from one place to anywhere but the named ones. */
function only(name, from, to, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from, pathNot: tests },
    to: { pathNot: [...to, packages], dependencyTypesNot: ['core'], couldNotResolve: false },
  };
}

export const forbidden = [
  only(
    'renderer-knows-only-the-contract',
    '^renderer/',
    ['^renderer/', '^app/contract/', '^proxy/model/'],
    'The page is a client like any other.',
  ),
  {
    name: 'renderer-takes-only-types-from-the-model',
    comment: 'The schemas come by way of the contract.',
    severity: 'error',
    from: { path: '^renderer/', pathNot: tests },
    to: { path: '^proxy/model/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'renderer-has-no-node',
    comment: 'The page runs in a sandbox.',
    severity: 'error',
    from: { path: '^renderer/', pathNot: [tests, 'vite\\.config\\.ts$'] },
    to: { dependencyTypes: ['core'] },
  },
  only(
    'main-knows-only-the-contract-and-its-client',
    '^main/',
    ['^main/', '^app/contract/', '^app/operations/(client|data-dir)\\.ts$'],
    'The shell does nothing that the CLI could not.',
  ),
  only('app-knows-only-the-proxy', '^app/', ['^app/', '^proxy/'], 'The engine runs without a window.'),
  only('proxy-knows-nothing-of-the-app', '^proxy/', ['^proxy/'], 'Workers could run in another process.'),
  {
    name: 'model-is-pure',
    comment: 'Types and schemas that every side can load.',
    severity: 'error',
    from: { path: '^proxy/model/', pathNot: tests },
    to: { pathNot: ['^proxy/model/', '(^|/)node_modules/zod/'] },
  },
  {
    name: 'contract-is-pure',
    comment: 'The renderer loads it.',
    severity: 'error',
    from: { path: '^app/contract/', pathNot: tests },
    to: { pathNot: ['^app/contract/', '^proxy/model/', '(^|/)node_modules/(zod|@orpc/contract)/'] },
  },
  {
    name: 'engine-has-no-window',
    comment: 'No Electron and no React below the window.',
    severity: 'error',
    from: { path: '^(app|proxy)/' },
    to: { path: '(^|/)node_modules/(electron|react|react-dom)/' },
  },
  {
    name: 'proxy-has-no-docker-and-no-database',
    comment: 'The data plane stands alone.',
    severity: 'error',
    from: { path: '^proxy/' },
    to: { path: '(^|/)node_modules/(dockerode|better-sqlite3)/' },
  },
  {
    name: 'product-needs-no-dev-package',
    comment: 'What the packaged app loads must be a dependency. Electron itself is the runtime.',
    severity: 'error',
    from: { path: '^(app|proxy|main)/', pathNot: tests },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '(^|/)node_modules/electron/' },
  },
  {
    name: 'product-knows-no-tests',
    comment: 'Tests import the product, never the other way round.',
    severity: 'error',
    from: { path: '^(app|proxy|main|renderer|bin)/', pathNot: tests },
    to: { path: ['^test/', tests] },
  },
  {
    name: 'no-circles',
    comment: 'Two files that need each other are one file, or hide a third.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'imports-exist',
    comment: 'A file or package that is not there.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export const options = {
  parser: 'swc',
  doNotFollow: { path: packages },
  exclude: { path: '^(out|dist)/' },
  enhancedResolveOptions: {
    extensions: ['.ts', '.tsx', '.mjs', '.js', '.css', '.json'],
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'browser', 'types', 'default'],
  },
};
