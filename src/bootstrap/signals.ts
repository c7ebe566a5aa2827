/**
 * Resolves with the name of the first of these signals to come. A second one ends the process at once, for whoever does
 * not want to wait.
 */
export function firstSignal(names: readonly NodeJS.Signals[]): Promise<string> {
  return new Promise((resolve) => {
    let came = false;
    for (const name of names) {
      process.on(name, () => {
        if (came) process.exit(1);
        came = true;
        resolve(name);
      });
    }
  });
}

/** Aborts with Ctrl-C or SIGTERM, for a command that says where it stands before it ends. */
export function abortOnSignal(): AbortSignal {
  const stopping = new AbortController();
  void firstSignal(['SIGINT', 'SIGTERM']).then((name) => stopping.abort(new Error(`stopped by ${name}`)));
  return stopping.signal;
}
