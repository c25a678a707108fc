/** onnxruntime-node compares the arrays that it makes with the classes of Node's own realm: tests of it share these. */
const { TestEnvironment } = require('jest-environment-node');

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, { Float32Array, Int32Array, BigInt64Array });
  }
};
