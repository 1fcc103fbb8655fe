#!/usr/bin/env node
// ES5 on purpose: it has to say its sentence on any Node, however old.
'use strict'

var fs = require('fs')
var path = require('path')

var NEEDED = [24, 15]
var root = path.join(fs.realpathSync(__dirname), '..')
var program = path.join(root, 'dist', 'secrets.cjs')
var ownNode = path.join(root, 'node_modules', 'node', 'bin', 'node')
var needs = 'Keyturn needs Node ' + NEEDED.join('.') + ' or later, '

function fail(sentence) {
  process.stderr.write(sentence + '\n')
  process.exit(2)
}

function isEnough(version) {
  var parts = version.split('.')
  return Number(parts[0]) > NEEDED[0] || (Number(parts[0]) === NEEDED[0] && Number(parts[1]) >= NEEDED[1])
}

// In a clone there is a Node that fits, whatever the machine's is.
function runWith(node) {
  var child = require('child_process').spawn(node, [program].concat(process.argv.slice(2)), { stdio: 'inherit' })
  var signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP']
  var terminal = [0, 1, 2].some(require('tty').isatty)
  signals.forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends the signals of its keys to the child as well; a second Ctrl-C would mean "stop at once".
      if (!terminal || signal === 'SIGTERM' || signal === 'SIGHUP') child.kill(signal)
    })
  })
  child.on('error', function (error) {
    fail(needs + 'and ' + node + ' cannot be run (' + error.code + '): run "npm ci" in ' + root + '.')
  })
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code)
    signals.forEach(function (name) {
      process.removeAllListeners(name)
    })
    process.kill(process.pid, signal)
  })
}

if (!fs.existsSync(program)) fail('Keyturn is not built: run "npm ci" in ' + root + '.')
else if (isEnough(process.versions.node)) require(program)
else if (fs.existsSync(ownNode)) runWith(ownNode)
else fail(needs + 'and this is ' + process.versions.node + ': install a newer Node, then run the same command again.')
