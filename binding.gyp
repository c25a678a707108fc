# The sources and flags are in native/merganser.gypi. This file stays out of the npm package: with a binding.gyp at its root, npm would run
# node-gyp on every installation.
{ 'includes': ['native/merganser.gypi'] }
