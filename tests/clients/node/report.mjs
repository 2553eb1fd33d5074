// Named checks: each says `ok NAME` or `not ok NAME: why`, on a line of its own. One that fails makes the program's
// exit code 1, and the others still run.

/** Where the sandbox's services are and what to sign in with, as `cosell sandbox` says it. */
export const { addresses, credentials } = JSON.parse(process.env.SANDBOX);

/** Runs one check. It passes when `work` ends without an error. */
export async function check(name, work) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${oneLine(error)}`);
    process.exitCode = 1;
  }
}

/** Passes when `work` fails; the error is what there is to look at. */
export async function refused(work) {
  let answer;
  try {
    answer = await work();
  } catch (error) {
    return error;
  }
  throw new Error(`it was not refused; the answer is ${JSON.stringify(answer)}`);
}

function oneLine(error) {
  const parts = [error?.status, error?.code, error?.message ?? error];
  return parts.filter((part) => part !== undefined).join(" ").replace(/\s+/g, " ").slice(0, 400);
}
