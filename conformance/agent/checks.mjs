// Runs checks one after the other, prints a line for each and the sum at the end.

const CHECK_TIMEOUT_MS = 60_000;

export class Checks {
  constructor(judge) {
    this.judge = judge;
    this.passed = 0;
    this.failed = 0;
  }

  async check(name, run) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${CHECK_TIMEOUT_MS / 1000} s`)), CHECK_TIMEOUT_MS);
    });
    try {
      await Promise.race([run(), late]);
      this.passed += 1;
      console.log(`ok   ${this.judge}: ${name}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL ${this.judge}: ${name}: ${describe(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Prints the sum; the exit code says whether all passed. */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}

function describe(error) {
  const parts = [error?.code, error?.error, error?.error_description, error?.message ?? String(error)];
  const cause = error?.cause;
  if (cause) parts.push(`(${cause.message ?? JSON.stringify(cause)})`);
  return parts.filter(Boolean).join(' ').split('\n')[0].slice(0, 400);
}

export function ensure(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

export function equal(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}

export function variable(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
