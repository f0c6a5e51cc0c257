// Waits for a busy server, or for one that is gone, and tries again.

import { Problem, isReady } from "./api.js";

const POLL_SECONDS = 1;

// The task's result. Where it fails for a while only, `say` is called with a sentence, and the task is tried again
// until it succeeds, fails for good, or the signal ends it.
export async function patiently(task, signal, say) {
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof Problem) || !error.isTransient) throw error;
      if (error.status === 0) {
        say(error.message);
        await serverBack(signal);
      } else {
        const seconds = error.retryAfter ?? 2;
        say(`${error.message} Trying again in ${seconds} s.`);
        await pause(seconds, signal);
      }
    }
  }
}

async function serverBack(signal) {
  do {
    await pause(POLL_SECONDS, signal);
  } while (!(await isReady()));
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, seconds * 1000);
    function done() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
